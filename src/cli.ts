import { setMaxListeners } from 'node:events'
import { createRequire } from 'node:module'
import yargs, { type Argv } from 'yargs'
import { EXIT } from './commands/exit-code.ts'
import { askAtTerminal, type Terminal } from './commands/terminal.ts'
import { didYouMean } from './did-you-mean.ts'
import { CONNECTION, INVENTORY, LISTS, RUN, text } from './flags.ts'
import { Redactor } from './secrets/redact.ts'

const { version } = createRequire(import.meta.url)('../../package.json') as { version: string }

class UsageError extends Error {}

/** Reads the command line, runs the command, and gives the exit code (see EXIT). Listens for Ctrl-C while it runs. */
export async function main(argv: readonly string[]): Promise<number> {
  const stop = new AbortController()
  const leave = new AbortController()
  setMaxListeners(0, stop.signal, leave.signal)
  const secrets = new Redactor()
  const terminal: Terminal = {
    out: (text) => process.stdout.write(secrets.redact(text)),
    err: (text) => process.stderr.write(secrets.redact(text)),
    secrets,
    isTTY: process.stdout.isTTY === true,
    columns: () => process.stdout.columns ?? 80,
    rows: () => process.stdout.rows ?? 24,
    // a copy: secrets are taken out of the process's own
    env: { ...process.env },
    stop: stop.signal,
    leave: leave.signal,
    ask: process.stdin.isTTY ? askAtTerminal : undefined,
  }
  const interrupted = () => (stop.signal.aborted ? leave : stop).abort()
  const quietPipe = (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    // the reader has gone: finish the step under way on each host, then stop
    stop.abort()
  }
  process.on('SIGINT', interrupted)
  process.on('SIGTERM', interrupted)
  process.on('SIGHUP', interrupted)
  process.stdout.on('error', quietPipe)
  try {
    let code: number = EXIT.ok
    const parser = cli(argv, terminal, (result) => {
      code = result
    })
    await parser.parseAsync()
    return code
  } catch (error) {
    if (!(error instanceof UsageError) && (error as Error).name !== 'YError') throw error
    terminal.err(`mhprov: ${(error as Error).message}\nmhprov --help shows what can be given\n`)
    return EXIT.usage
  } finally {
    process.off('SIGINT', interrupted)
    process.off('SIGTERM', interrupted)
    process.off('SIGHUP', interrupted)
  }
}

function cli(argv: readonly string[], terminal: Terminal, end: (code: number) => void): Argv {
  const playbook = (y: Argv) =>
    y.positional('playbook', { type: 'string', describe: 'Playbook; playbooks/matrix.yaml of mhprov without one' })
  const parser = yargs([...argv])
    .scriptName('mhprov')
    .usage('$0 — provision hosts over SSH from YAML playbooks\n\n$0 COMMAND [options]')
    .command(
      'apply [playbook]',
      'Make the hosts as the playbook says',
      (y) =>
        playbook(y).options({
          ...INVENTORY,
          ...CONNECTION,
          ...RUN,
          ...LISTS,
          check: { type: 'boolean', alias: 'C', describe: 'Change nothing: say what would change' },
        }),
      async (args) => end(await (await import('./commands/apply.ts')).apply(given(args), terminal)),
    )
    .command(
      'check [playbook]',
      'Say what apply would change, and change nothing (apply --check --diff)',
      (y) => playbook(y).options({ ...INVENTORY, ...CONNECTION, ...RUN, ...LISTS }),
      async (args) =>
        end(await (await import('./commands/apply.ts')).apply(given({ ...args, check: true, diff: args.diff ?? true }), terminal)),
    )
    .command(
      'verify [playbook]',
      'Prove that the server works: the tasks tagged verify, as a table of checks',
      (y) =>
        playbook(y).options({
          ...INVENTORY,
          ...CONNECTION,
          forks: RUN.forks,
          output: { ...RUN.output, describe: 'How to show the run; json is one document, by host' },
          verbose: RUN.verbose,
        }),
      async (args) => end(await (await import('./commands/verify.ts')).verify(given(args), terminal)),
    )
    .command(
      'validate [playbook]',
      'Check inventory and playbook without connecting to anything',
      (y) => playbook(y).options({ ...INVENTORY, tags: RUN.tags, 'skip-tags': RUN['skip-tags'] }),
      async (args) => end(await (await import('./commands/validate.ts')).validate(given(args), terminal)),
    )
    .command(
      'facts [host]',
      "Show what is known of the hosts (Ansible's facts)",
      (y) =>
        y.positional('host', { type: 'string', describe: 'Pattern of hosts', default: 'all' }).options({ ...INVENTORY, ...CONNECTION }),
      async (args) => end(await (await import('./commands/facts.ts')).facts(given(args), terminal)),
    )
    .command(
      'run <module> [hosts]',
      'Run one module on hosts',
      (y) =>
        y
          .positional('module', { type: 'string', describe: 'Name of the module', demandOption: true })
          .positional('hosts', { type: 'string', describe: 'Pattern of hosts', default: 'all' })
          .options({
            ...INVENTORY,
            ...CONNECTION,
            ...RUN,
            args: { ...text, alias: 'a', describe: "The module's parameters as JSON or YAML" },
            check: { type: 'boolean', alias: 'C' },
          }),
      async (args) => end(await (await import('./commands/run-module.ts')).runModule(given(args), terminal)),
    )
    .command(
      'modules [name]',
      "List the modules, or show one's documentation",
      (y) => y.positional('name', { type: 'string' }),
      async (args) => end((await import('./commands/modules.ts')).modules(args.name, terminal)),
    )
    .command(
      'secrets <action> [name]',
      'List, show, set or edit the secrets of an inventory',
      (y) =>
        y
          .positional('action', { type: 'string', choices: ['list', 'get', 'set', 'edit'] as const, demandOption: true })
          .positional('name', { type: 'string', describe: 'Name of the secret; `set` reads its value from the terminal or stdin' })
          .options({ inventory: INVENTORY.inventory, playbook: { ...text, describe: 'The playbook that names them' } }),
      async (args) => end(await (await import('./commands/secrets.ts')).secrets(given(args), terminal)),
    )
    .command(
      'rehearse [playbook]',
      'Boot a throwaway host here and check, apply and apply again on it',
      (y) =>
        playbook(y).options({
          suite: {
            ...text,
            choices: ['bookworm', 'trixie'] as const,
            default: 'bookworm',
            describe: 'Debian below the host: bookworm is LMDE 6, trixie LMDE 7',
          },
          yes: { type: 'boolean', alias: 'y', describe: 'Install what the lab needs without asking' },
          edge: {
            type: 'boolean',
            describe: 'With stand-ins of Cloudflare, a certificate authority and another homeserver: the public half',
          },
          keep: { type: 'boolean', describe: 'Leave the host running and say how to get in' },
          'extra-vars': INVENTORY['extra-vars'],
          tags: RUN.tags,
          'skip-tags': RUN['skip-tags'],
          output: RUN.output,
          verbose: RUN.verbose,
        }),
      async (args) => end(await (await import('./commands/rehearse.ts')).rehearse(given(args), terminal)),
    )
    .completion('completion', 'Print a completion script for the shell')
    .epilogue(
      'Exit codes: 0 all well, 1 a task failed, 2 bad usage, 3 bad inventory or playbook, 4 a host was unreachable, 130 interrupted',
    )
    .version(version)
    .alias('h', 'help')
    .strict()
    .recommendCommands()
    .demandCommand(1, 'say what to do, such as `mhprov apply`')
    .wrap(Math.min(110, Math.max(80, terminal.columns())))
    .exitProcess(false)
    .fail((message, error) => {
      throw error ?? new UsageError(withHint(message, argv))
    })
  return parser as Argv
}

/** yargs knows no "did you mean" for options. */
function withHint(message: string, argv: readonly string[]): string {
  const unknown = /^Unknown arguments?: (.+)$/.exec(message)?.[1]?.split(', ')[0]
  if (!unknown) return message
  if (argv.includes(unknown)) return `"${unknown}" is one argument too many`
  const options = Object.keys({
    ...INVENTORY,
    ...CONNECTION,
    ...RUN,
    ...LISTS,
    check: 0,
    args: 0,
    suite: 0,
    yes: 0,
    keep: 0,
    edge: 0,
    playbook: 0,
  })
  const hint = didYouMean(unknown, options)
  return `unknown option --${unknown}${hint?.startsWith('did') ? `: ${hint.replace(/"(.*)"/, '"--$1"')}` : ''}`
}

/** An option given twice that takes one value is an array: refused, since one of the two would be dropped. */
function given<A extends Record<string, unknown>>(args: A): A {
  const many = new Set(['limit', 'extra-vars', 'tags', 'skip-tags', '_'])
  for (const [name, value] of Object.entries(args))
    if (Array.isArray(value) && name.length > 1 && !many.has(name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)))
      throw new UsageError(`--${name} can be given once only`)
  for (const name of ['forks', 'timeout']) {
    const value = args[name]
    if (value !== undefined && !/^[1-9]\d*$/.test(String(value)))
      throw new UsageError(`--${name} needs a whole number above 0, not "${value}"`)
  }
  return args
}
