/**
 * Python: the command line, as far as a server takes it, and the server of metrics. Exits with 1 and says why when it is called
 * wrongly. Source: cloudflared's cmd/cloudflared/tunnel and metrics/.
 */
export const command = (version: string): string => String.raw`#!/usr/bin/python3
import asyncio
import base64
import binascii
import json
import os
import signal
import sys
import urllib.error
import urllib.request
from urllib.parse import urlsplit

sys.path.insert(0, "/usr/local/lib/cloudflared")
from connector import Connector, Refused, log  # noqa: E402
from ingress import Bad, find, load, parse  # noqa: E402

BARE = {"no-autoupdate", "post-quantum"}
TUNNEL = BARE | {
    "config", "metrics", "loglevel", "transport-loglevel", "logfile", "log-directory", "protocol", "edge-ip-version",
    "region", "retries", "grace-period", "credentials-file", "cred-file", "origincert", "pidfile", "tag", "label",
    "autoupdate-freq", "metrics-update-freq", "edge-bind-address", "output", "url", "ha-connections",
}
RUN = BARE | {"credentials-file", "cred-file", "credentials-contents", "token", "token-file", "protocol", "features", "url"}
ENVIRONMENT = {
    "metrics": "TUNNEL_METRICS", "token": "TUNNEL_TOKEN", "token-file": "TUNNEL_TOKEN_FILE", "config": "TUNNEL_CONFIG",
    "credentials-file": "TUNNEL_CRED_FILE", "protocol": "TUNNEL_TRANSPORT_PROTOCOL",
}
PLACES = [f"{place}/config.{end}" for place in ("/home/nonroot/.cloudflared", "/etc/cloudflared", "/usr/local/etc/cloudflared") for end in ("yml", "yaml")]


def fail(text):
    print(text, file=sys.stderr)
    sys.exit(1)


def flags(args, known, into):
    """Takes flags off the front of args."""
    while args and args[0].startswith("-"):
        name, given, value = args.pop(0).lstrip("-").partition("=")
        if name not in known:
            fail(f"Incorrect Usage: flag provided but not defined: -{name}")
        if name in BARE:
            into[name] = value or "true"
        elif given:
            into[name] = value
        elif args:
            into[name] = args.pop(0)
        else:
            fail(f"Incorrect Usage: flag needs an argument: -{name}")


def configuration(options, needed):
    path = options.get("config") or next((place for place in PLACES if os.path.exists(place)), None)
    if path is None:
        if needed:
            fail("No configuration file was found. Please create one, or use the --config flag to specify its filepath. "
                 "You can use the help command to learn more about configuration files")
        return None, {}, []
    return (path, *load(path))


def of_token(text):
    try:
        token = json.loads(base64.b64decode(text, validate=True))
        return {"account": token["a"], "tunnel": token["t"], "secret": token["s"]}
    except (binascii.Error, ValueError, KeyError, TypeError):
        fail("Provided Tunnel token is not valid.\nSee 'cloudflared tunnel run --help'.")


def of_file(path, tunnel):
    try:
        with open(path) as file:
            found = json.load(file)
        credentials = {"account": found["AccountTag"], "tunnel": found["TunnelID"], "secret": found["TunnelSecret"]}
    except FileNotFoundError:
        fail(f"tunnel credentials file '{path}' doesn't exist or is not a file")
    except OSError as error:
        fail(f"couldn't read tunnel credentials from {path}: open {path}: {error.strerror.lower()}")
    except (ValueError, KeyError, TypeError):
        fail(f"tunnel credentials file '{path}' is not valid JSON of a tunnel's credentials")
    if tunnel != credentials["tunnel"]:
        fail(f"the credentials in '{path}' are those of tunnel {credentials['tunnel']}, not of {tunnel}")
    return credentials


def credentials_of(options, document, name):
    if "token" in options:
        return of_token(options["token"].strip())
    if "token-file" in options:
        try:
            with open(options["token-file"]) as file:
                return of_token(file.read().strip())
        except OSError as error:
            fail(f"Failed to read token file: open {options['token-file']}: {error.strerror.lower()}")
    tunnel = name or document.get("tunnel")
    if not tunnel:
        fail('"cloudflared tunnel run" requires the ID or name of the tunnel to run as the last command line argument or in the configuration file.')
    path = options.get("credentials-file") or options.get("cred-file") or document.get("credentials-file")
    if not path:
        fail(f"tunnel credentials file not found for tunnel {tunnel}: name it with credentials-file")
    return of_file(path, str(tunnel))


def run(options, rest):
    source, document, unused = configuration(options, needed=False)
    if unused:
        log("WRN", f"Your configuration file has unused keys: {', '.join(unused)}")
    name = rest[0] if rest else None
    credentials = credentials_of(options, document, name)
    if len(rest) > 1:
        fail('"cloudflared tunnel run" accepts only one argument, the ID or name of the tunnel to run.')
    protocol = options.get("protocol") or document.get("protocol") or "auto"
    if protocol not in ("auto", "quic", "http2"):
        fail(f"unknown protocol {protocol}, available protocols are http2, quic and auto")
    rules = parse(document)
    log("INF", f"Starting tunnel tunnelID={credentials['tunnel']}")
    log("INF", "Version ${version}")
    if not rules:
        log("WRN", "No ingress rules were defined in provided config (if any) nor from the cli, cloudflared will return 503 for all incoming HTTP requests")
    address = options.get("metrics") or document.get("metrics") or "0.0.0.0:20241"
    connector = Connector(credentials, rules, "quic" if protocol == "auto" else protocol)
    try:
        asyncio.run(serve(connector, address))
    except Refused as error:
        log("ERR", "Register tunnel error from server side", error=str(error))
        sys.exit(1)


async def serve(connector, address):
    host, _, port = address.rpartition(":")
    await asyncio.start_server(lambda reader, writer: metrics(connector, reader, writer), host, int(port))
    log("INF", f"Starting metrics server on {address}/metrics")
    work = asyncio.create_task(connector.run())
    for one in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(one, work.cancel)
    try:
        await work
    except asyncio.CancelledError:
        log("INF", "Initiating graceful shutdown due to signal terminated ...")


async def metrics(connector, reader, writer):
    line = (await reader.readline()).split()
    while (await reader.readline()).strip():
        pass
    count = len(connector.ready)
    status = 200 if count > 0 else 503
    state = json.dumps({"status": status, "readyConnections": count, "connectorId": connector.id})
    configuration = json.dumps({"version": connector.version, "config": connector.configuration})
    answers = {
        b"/ready": (status, state),
        b"/healthcheck": (200, "OK\n"),
        b"/config": (200, configuration),
        b"/metrics": (200, f'build_info{{goversion="go1.26",revision="",type="",version="${version}"}} 1\ncloudflared_tunnel_ha_connections {count}\n'),
    }
    code, text = answers.get(line[1] if len(line) > 1 else b"", (404, "404 page not found\n"))
    writer.write(f"HTTP/1.1 {code} -\r\nContent-Length: {len(text)}\r\nConnection: close\r\n\r\n{text}".encode())
    await writer.drain()
    writer.close()


def ready(options):
    address = options.get("metrics")
    if not address:
        fail("--metrics has to be provided")
    url = f"http://{address}/ready"
    try:
        urllib.request.urlopen(url, timeout=5).read()
    except urllib.error.HTTPError as error:
        fail(f"{url} endpoint returned status code {error.code}\n{error.read().decode()}")
    except OSError as error:
        fail(f'Get "{url}": {error}')


def ingress(options, rest):
    what = rest.pop(0) if rest else ""
    if what not in ("validate", "rule"):
        fail(f"No help topic for '{what}'")
    path, document, unused = configuration(options, needed=True)
    print(f"{'Validating' if what == 'validate' else 'Using'} rules from {path}")
    if "ingress" not in document:
        raise Bad("The config file doesn't contain any ingress rules")
    rules = parse(document)
    if what == "rule":
        url = urlsplit(rest[0] if rest else "")
        if not url.hostname:
            fail(f"{url.geturl()} doesn't have a hostname, consider adding a scheme")
        number = find(rules, url.hostname, url.path)
        print(f"Matched rule #{number}\n\thostname: {rules[number].hostname}\n\tservice: {rules[number].service}")
    elif unused:
        print("Warning: unused keys detected in your config file. Here is a list of unused keys:\n" + "\n".join(unused))
    else:
        print("OK")


def main(args):
    options = {name: os.environ[variable] for name, variable in ENVIRONMENT.items() if os.environ.get(variable)}
    if args[:1] in (["--version"], ["-v"], ["version"]) or args[-1:] == ["version"] or args[-1:] == ["--version"]:
        return print("cloudflared version ${version} (a stand-in)")
    flags(args, BARE, options)
    if not args:
        fail("cloudflared: say what to do, for example: cloudflared tunnel run")
    if args.pop(0) != "tunnel":
        fail("this stand-in of cloudflared knows the command tunnel only")
    flags(args, TUNNEL, options)
    what = args.pop(0) if args else "run"
    if what == "run":
        flags(args, RUN, options)
        return run(options, args)
    if what == "ready":
        flags(args, {"metrics"}, options)
        return ready(options)
    if what == "ingress":
        return ingress(options, args)
    fail(f"this stand-in of cloudflared knows run, ready and ingress, not {what}")


try:
    main(sys.argv[1:])
except Bad as bad:
    fail(f"Validation failed: {bad}")
`
