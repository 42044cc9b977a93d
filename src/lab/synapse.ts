import type { ImageRecipe } from './image.ts'

/** What the official image calls otherwise than Debian; synapse_port_db and synapse_review_recent_signups are the same. */
const tools = {
  python: 'python3',
  register_new_matrix_user: 'synapse_register_new_matrix_user',
  hash_password: 'synapse_hash_password',
  export_signing_key: 'synapse_export_signing_key',
  generate_config: 'synapse_generate_config',
  generate_log_config: 'synapse_generate_log_config',
  generate_signing_key: 'synapse_generate_signing_key',
}

const logConfig = `version: 1

formatters:
  precise:
    format: '%(asctime)s - %(name)s - %(lineno)d - %(levelname)s - %(request)s - %(message)s'

handlers:
  console:
    class: logging.StreamHandler
    formatter: precise

loggers:
  # At DEBUG this would log access tokens.
  synapse.storage.SQL:
    level: INFO

root:
  level: LEVEL
  handlers: [console]

disable_existing_loggers: false
`

/**
 * The entrypoint, which does as the official one: \`generate\`, \`run\` (also with nothing said), \`run -m MODULE …\`; everything
 * as user 991 unless UID and GID say otherwise. Exits with 2 when it is called wrongly.
 * Source: Synapse's docker/README.md and docker/start.py.
 */
const entrypoint = `#!/usr/bin/python3
import os
import sys


def fail(text):
    print(text, file=sys.stderr)
    sys.exit(2)


def become_user(environ):
    if os.getuid() != 0:
        return None
    return int(environ.get("UID", "991")), int(environ.get("GID", "991"))


def python(owner, args):
    if owner is not None:
        os.setgroups([owner[1]])
        os.setgid(owner[1])
        os.setuid(owner[0])
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, *args])


def config_file(environ):
    directory = environ.get("SYNAPSE_CONFIG_DIR", "/data")
    return directory, environ.get("SYNAPSE_CONFIG_PATH", directory + "/homeserver.yaml")


def generate(environ, owner):
    for name in ("SYNAPSE_SERVER_NAME", "SYNAPSE_REPORT_STATS"):
        if name not in environ:
            fail(f"Environment variable '{name}' is mandatory in \`generate\` mode.")
    server = environ["SYNAPSE_SERVER_NAME"]
    directory, path = config_file(environ)
    data = environ.get("SYNAPSE_DATA_DIR", "/data")
    log = f"{directory}/{server}.log.config"
    if not os.path.exists(log):
        print(f"Creating log config {log}")
        with open("/conf/log.config") as template, open(log, "w") as out:
            out.write(template.read().replace("LEVEL", environ.get("SYNAPSE_LOG_LEVEL", "INFO")))
    if owner is not None:
        print(f"Setting ownership on {data} to {owner[0]}:{owner[1]}")
        os.chown(data, *owner)
    names = ["--server-name", server, "--report-stats", environ["SYNAPSE_REPORT_STATS"]]
    paths = ["--config-path", path, "--config-directory", directory, "--data-directory", data]
    python(owner, ["-m", "synapse.app.homeserver", *names, *paths, "--generate-config", "--open-private-ports"])


def run(environ, owner, args):
    if "-m" not in args:
        args = ["-m", environ.get("SYNAPSE_WORKER", "synapse.app.homeserver"), *args]
    if not any(arg.startswith(("--config-path", "-c")) for arg in args):
        path = config_file(environ)[1]
        if not os.path.exists(path):
            fail(f"Config file '{path}' does not exist. Create one with the \`generate\` argument, or name one in SYNAPSE_CONFIG_PATH.")
        args = [*args, "--config-path", path]
    print("Starting synapse with args " + " ".join(args))
    python(owner, args)


mode = sys.argv[1] if len(sys.argv) > 1 else "run"
if mode == "generate":
    generate(os.environ, become_user(os.environ))
elif mode == "run":
    run(os.environ, become_user(os.environ), sys.argv[2:])
else:
    fail(f"Unknown execution mode '{mode}'")
`

/** A real Synapse, of Debian sid's packages, that behaves as the official image does. */
export const synapse: ImageRecipe = {
  repository: 'matrixdotorg/synapse',
  suite: 'sid',
  packages: ['matrix-synapse', 'python3-psycopg2', 'curl', 'ca-certificates'],
  main: 'matrix-synapse',
  // The package's installer asks for these, and will not do without.
  answers: ['matrix-synapse matrix-synapse/server-name string localhost', 'matrix-synapse matrix-synapse/report-stats boolean false'],
  files: [
    { path: '/start.py', mode: '755', text: entrypoint },
    { path: '/conf/log.config', mode: '644', text: logConfig },
  ],
  links: Object.fromEntries(Object.entries(tools).map(([name, debian]) => [`/usr/local/bin/${name}`, `/usr/bin/${debian}`])),
  config: {
    Env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'LANG=C.UTF-8'],
    Entrypoint: ['/start.py'],
    ExposedPorts: { '8008/tcp': {}, '8448/tcp': {} },
    Healthcheck: {
      Test: ['CMD-SHELL', 'curl -fSs http://localhost:8008/health || exit 1'],
      // Nanoseconds.
      StartPeriod: 5e9,
      Interval: 15e9,
      Timeout: 5e9,
    },
  },
  tags: (version) => ['latest', `v${version}`],
}
