import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import type { Step } from '../../src/module/define.ts'
import { shell } from '../../src/modules/shell.ts'
import { settle } from '../helpers/settle.ts'

const home = realpathSync(mkdtempSync(join(tmpdir(), 'shell-')))
test.after.always(() => rmSync(home, { recursive: true }))

test('tells everything about a program that ran', async (t) => {
  const { result } = await settle(shell, { cmd: 'echo one | tr o O; echo two >&2' })
  const { start: _s, end: _e, delta: _d, ...rest } = result
  t.deepEqual(rest, {
    changed: true,
    cmd: 'echo one | tr o O; echo two >&2',
    rc: 0,
    stdout: 'One',
    stderr: 'two',
    stdout_lines: ['One'],
    stderr_lines: ['two'],
    msg: '',
  })
})

test('lines and their indentation matter', async (t) => {
  const cmd = 'cat <<EOF\nOne\n  Two\n    Three\nEOF\n'
  const { result } = await settle(shell, { cmd })
  t.is(result.stdout, 'One\n  Two\n    Three')
  t.is(result.cmd, cmd)
})

test('any text reaches the shell unchanged', async (t) => {
  const pieces = fc.constantFrom(
    "'",
    '"',
    '\\',
    '$',
    '`',
    '%',
    '\n',
    '#',
    '!',
    '*',
    '~',
    ' ',
    '$(x)',
    '${y}',
    '🦀',
    'é',
    '\u0081',
    '\u0088',
    'a',
    '\t',
    '-',
    'EOF',
  )
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: pieces, maxLength: 40 }), async (text) => {
      const cmd = `cat <<'MARK'\n${text}\nMARK\n: ${text.replace(/[^ -~]|[^A-Za-z ]/g, '')}`
      const { outputs } = await settle(shell, { cmd })
      t.is(outputs[0]?.stdout.toString(), `${text}\n`)
    }),
    { numRuns: 60 },
  )
})

test('a text of any length runs, with its stdin and its exit code', async (t) => {
  const filler = Array.from({ length: 9000 }, (_, i) => `: 'line ${i} é🦀 \\ % $x'\n`).join('')
  const cmd = `${filler}read line\nprintf '%s' "$line"\n[ "$#" = 0 ] || exit 9\nexit 4`
  t.true(Buffer.byteLength(cmd) > 200_000)
  const { changes } = await settle(shell, { cmd, stdin: 'from stdin', chdir: home }, { check: true })
  const [step] = changes[0]!.steps as Extract<Step, { do: 'run' }>[]
  // as the engine does it: the script is written to a shell, not given to it as an argument
  writeFileSync(join(home, 'request'), step!.script.text)
  const run = () => execFileSync('sh', [join(home, 'request')], { input: step!.stdin as string, encoding: 'utf8' })
  const thrown = t.throws(run) as Error & { status: number; stdout: string }
  t.is(thrown.status, 4)
  t.is(thrown.stdout, 'from stdin')
})

test('the text cannot disturb the shell around it', async (t) => {
  for (const cmd of [
    'exit 5',
    'set -e; false || exit 5',
    'exec sh -c "exit 5"',
    'cd /; exit 5',
    'trap "exit 5" EXIT; unset PATH',
    ') ; exit 5 ; ( :',
  ])
    t.is((await settle(shell, { cmd })).result.rc, cmd.startsWith(')') ? 2 : 5)
})

test('another shell by executable', async (t) => {
  const { result } = await settle(shell, { cmd: 'cat < <(echo "${BASH_VERSION:+bash}")', executable: '/bin/bash' })
  t.is(result.stdout, 'bash')
})

test('a shell that is not there cannot be started', async (t) => {
  const { result } = await settle(shell, { cmd: 'echo hi', executable: '/bin/no-such-shell' })
  t.is(result.rc, 2)
  t.is(result.msg, "[Errno 2] No such file or directory: '/bin/no-such-shell'")
})

test('chdir, creates and stdin', async (t) => {
  const params = { cmd: 'cat > out.txt', chdir: home, creates: 'out.*', stdin: 'test', stdin_add_newline: false }
  t.is((await settle(shell, params)).result.changed, true)
  t.is(execFileSync('cat', [join(home, 'out.txt')], { encoding: 'utf8' }), 'test')
  t.deepEqual((await settle(shell, params)).changes, [])
})

test('a background process with its own output does not hold the task', async (t) => {
  const started = Date.now()
  const { result } = await settle(shell, { cmd: `(sleep 2; touch ${home}/late) >/dev/null 2>&1 & echo started` })
  t.is(result.stdout, 'started')
  t.false(existsSync(join(home, 'late')))
  t.true(Date.now() >= started)
})

test('unless makes it idempotent', async (t) => {
  const params = { cmd: `echo line >> ${home}/motd`, unless: `grep -qx line ${home}/motd` }
  t.is((await settle(shell, params)).result.changed, true)
  t.deepEqual((await settle(shell, params)).plan, { changes: [], message: 'skipped, since the command of "unless" succeeded' })
})

test('nothing to run is refused, and so is a parameter within the text', async (t) => {
  t.is((await settle(shell, {})).plan.failure, 'no command given')
  t.is((await settle(shell, { cmd: ' ' })).plan.failure, 'no command given')
  t.regex((await settle(shell, { cmd: 'make > log creates=/x' })).plan.failure ?? '', /^"creates=\/x" inside the command line/)
  t.is((await settle(shell, { cmd: 'chdir=/tmp; echo "$chdir"' })).result.stdout, '/tmp')
})

test('what is planned is one line, however long the text', async (t) => {
  const summary = async (cmd: string) => (await settle(shell, { cmd }, { check: true })).changes[0]?.summary
  t.is(await summary('  set -e\necho hi\n'), 'run set -e …')
  t.is(await summary('x'.repeat(300)), `run ${'x'.repeat(100)} …`)
})
