import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { command } from '../../src/modules/command.ts'
import { settle } from '../helpers/settle.ts'

const home = realpathSync(mkdtempSync(join(tmpdir(), 'command-')))
test.after.always(() => rmSync(home, { recursive: true }))

const stdout = async (params: Record<string, unknown>) => (await settle(command, params)).result.stdout

test('tells everything about a command that ran', async (t) => {
  const { result, changes } = await settle(command, { cmd: 'echo "two  words" there' })
  const { start, end, delta, ...rest } = result
  t.deepEqual(rest, {
    changed: true,
    cmd: ['echo', 'two  words', 'there'],
    rc: 0,
    stdout: 'two  words there',
    stderr: '',
    stdout_lines: ['two  words there'],
    stderr_lines: [],
    msg: '',
  })
  t.regex(`${start} ${end} ${delta}`, /^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{3}000)? ){2}0:00:\d\d(\.\d{3}000)?$/)
  t.deepEqual(
    changes.map(({ summary, opaque, reads }) => ({ summary, opaque, reads })),
    [{ summary: 'run echo "two  words" there', opaque: true, reads: undefined }],
  )
})

test('an exit code other than 0 fails and is told', async (t) => {
  const { result } = await settle(command, { argv: ['sh', '-c', 'echo out; echo err >&2; exit 3'] })
  const { changed, failed, rc, msg, stdout, stderr } = result
  t.deepEqual(
    { changed, failed, rc, msg, stdout, stderr },
    { changed: true, failed: true, rc: 3, msg: 'non-zero return code', stdout: 'out', stderr: 'err' },
  )
})

test('127 from the command itself is its exit code, not a missing command', async (t) => {
  const { result } = await settle(command, { argv: ['sh', '-c', 'exit 127'] })
  t.is(result.rc, 127)
  t.is(result.msg, 'non-zero return code')
})

for (const [what, argv, rc, msg] of [
  ['a missing command', ['no-such-command', '-x'], 2, "[Errno 2] No such file or directory: 'no-such-command'"],
  ['a missing path', ['/no/such'], 2, "[Errno 2] No such file or directory: '/no/such'"],
  ['a directory', ['/etc'], 13, "[Errno 13] Permission denied: '/etc'"],
  ['a file that is not executable', ['/etc/passwd'], 13, "[Errno 13] Permission denied: '/etc/passwd'"],
  ['a word of the shell', ['export', 'A=b'], 2, "[Errno 2] No such file or directory: 'export'"],
  ['nothing at all', [''], 2, "[Errno 2] No such file or directory: ''"],
] as const)
  test(`${what} cannot be started`, async (t) => {
    const { result } = await settle(command, { argv })
    t.deepEqual(result, {
      changed: false,
      failed: true,
      cmd: [...argv],
      rc,
      msg,
      stdout: '',
      stderr: '',
      stdout_lines: [],
      stderr_lines: [],
    })
  })

test('there is no shell: patterns, pipes and separators are plain words', async (t) => {
  t.is(await stdout({ cmd: 'echo /et[c] * | cat; echo `id` $(id) > /nowhere' }), '/et[c] * | cat; echo `id` $(id) > /nowhere')
})

test('variables of the environment and homes stand in words, quoted or not; what is unknown stays', async (t) => {
  const prefix = ['env', 'HOME=/home/x y', 'A=1', 'LAST=ends\n\n', 'Q=it\'s "$A" *']
  const words = async (cmd: string, more = {}) => {
    const { result } = await settle(command, { cmd: `printf '<%s>' ${cmd}`, ...more }, { prefix })
    return result.stdout
  }
  t.is(await words('$A ${A}b \'$A\' "$A" \\$A'), '<1><1b><1><1><1>')
  t.is(await words('$NOPE ${NOPE} $ ${} $1 ${1} $$ $IFS $PPID'), '<$NOPE><${NOPE}><$><${}><$1><${1}><$$><$IFS><$PPID>')
  t.is(await words('$Q$Q'), '<it\'s "$A" *it\'s "$A" *>')
  t.is(await words('-$LAST-'), '<-ends\n\n->')
  t.is(await words("~ ~/'a b' x~ ~root/.bashrc ~no-such-user/x"), '</home/x y></home/x y/a b><x~></root/.bashrc><~no-such-user/x>')
  t.is(await words('$A ~', { expand_argument_vars: false }), '<$A><~>')
})

test('words of argv are expanded too', async (t) => {
  const { result } = await settle(command, { argv: ['echo', '$A', 'a b'] }, { prefix: ['env', 'A=1'] })
  t.is(result.stdout, '1 a b')
  t.deepEqual(result.cmd, ['echo', '$A', 'a b'])
})

test('any words arrive as they are', async (t) => {
  const texts = fc.array(
    fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...'\'"\\$`%*?[]{}~#!&|;<>() \n\t-=aé🦀\u0081\u0088') })),
  )
  await fc.assert(
    fc.asyncProperty(texts, async (words) => {
      const clean = words.map((word) => Buffer.from(word.replaceAll('\0', '')).toString())
      const { outputs } = await settle(command, { argv: ['printf', '%s\\0', 'first', ...clean], expand_argument_vars: false })
      t.is(outputs[0]?.stdout.toString(), ['first', ...clean].map((word) => `${word}\0`).join(''))
    }),
    { numRuns: 60 },
  )
})

test('runs in a directory, with its links resolved', async (t) => {
  mkdirSync(join(home, 'root/site'), { recursive: true })
  symlinkSync('root', join(home, 'www'))
  t.is(
    await stdout({ argv: ['sh', '-c', 'dirname "$PWD"'], expand_argument_vars: false, chdir: join(home, 'www/site') }),
    join(home, 'root'),
  )
})

test('a directory that cannot be entered fails clearly, whatever the command', async (t) => {
  const { result } = await settle(command, { cmd: 'echo', chdir: join(home, 'nope') })
  t.deepEqual(
    { msg: result.msg, failed: result.failed, rc: result.rc, changed: result.changed },
    {
      msg: `Unable to change directory before execution: [Errno 2] No such file or directory: '${home}/nope'`,
      failed: true,
      rc: null,
      changed: false,
    },
  )
  t.is(
    (await settle(command, { cmd: 'echo', chdir: '/etc/passwd' })).result.msg,
    "Unable to change directory before execution: [Errno 20] Not a directory: '/etc/passwd'",
  )
})

test('a command relative to the directory is found there', async (t) => {
  writeFileSync(join(home, 'hello.sh'), '#!/bin/sh\necho hello\n')
  chmodSync(join(home, 'hello.sh'), 0o755)
  t.is(await stdout({ cmd: './hello.sh', chdir: home }), 'hello')
})

test('creates: something there means nothing to do, also by a pattern and relative to chdir', async (t) => {
  writeFileSync(join(home, 'afile.txt'), '')
  for (const params of [
    { creates: join(home, 'afile.txt') },
    { creates: join(home, 'afile.*') },
    { creates: 'afile.tx[a-z]', chdir: home },
  ]) {
    const { changes, result } = await settle(command, { cmd: 'false', ...params })
    const said = `skipped, since ${params.creates} exists`
    t.deepEqual(changes, [])
    t.deepEqual(result, {
      changed: false,
      cmd: ['false'],
      rc: 0,
      stdout: said,
      stderr: '',
      stdout_lines: [said],
      stderr_lines: [],
      start: null,
      end: null,
      delta: null,
      msg: said,
    })
  }
})

test('creates: a second application plans nothing', async (t) => {
  const params = { argv: ['touch', join(home, 'made here')], creates: join(home, 'made*') }
  t.is((await settle(command, params)).changes.length, 1)
  t.is((await settle(command, params)).changes.length, 0)
})

test('removes: nothing there means nothing to do', async (t) => {
  writeFileSync(join(home, 'gone'), '')
  const params = { argv: ['rm', join(home, 'gone')], removes: join(home, 'gon?') }
  t.is((await settle(command, params)).result.changed, true)
  const again = await settle(command, params)
  t.deepEqual(again.changes, [])
  t.is(again.result.msg, `skipped, since ${home}/gon? does not exist`)
})

test('unless and only_if are asked, not run as changes', async (t) => {
  t.is((await settle(command, { cmd: 'echo', unless: 'exit 0' })).result.msg, 'skipped, since the command of "unless" succeeded')
  t.is((await settle(command, { cmd: 'echo', only_if: 'exit 7' })).result.msg, 'skipped, since the command of "only_if" failed')
  t.is((await settle(command, { cmd: 'echo', unless: '! test -d .', only_if: 'test "$(pwd)" = /', chdir: '/' })).changes.length, 1)
})

test('a dry run of one that may be needed says so and runs nothing', async (t) => {
  const { result, changes, outputs } = await settle(command, { cmd: 'false', creates: '/no/such' }, { check: true })
  t.is(changes.length, 1)
  t.deepEqual(outputs, [])
  t.is(result.changed, true)
  t.is(result.msg, 'Command would have run if not in check mode')
  t.is(result.skipped, undefined)
})

test('stdin is what is given, a newline added unless told otherwise', async (t) => {
  const bytes = async (params: object) => (await settle(command, { cmd: 'cat', ...params })).outputs[0]?.stdout.toString()
  t.is(await bytes({ stdin: 'a\nb' }), 'a\nb\n')
  t.is(await bytes({ stdin: 'a', stdin_add_newline: false }), 'a')
  t.is(await bytes({ stdin: '' }), '')
  t.is(await bytes({}), '')
})

test('newlines at the end of the output are stripped, and nothing else', async (t) => {
  const argv = ['printf', '\\n hello \\n \\r\\n']
  t.is(await stdout({ argv }), '\n hello \n ')
  t.is(await stdout({ argv, strip_empty_ends: false }), '\n hello \n \r\n')
})

test('output that is not UTF-8 is readable all the same', async (t) => {
  t.is(await stdout({ argv: ['printf', 'caf\\351 \\303\\251'] }), 'caf\ufffd é')
})

test('lines are split as Python splits them', async (t) => {
  const { result } = await settle(command, { argv: ['printf', 'a\\r\\nb\\rc\\n\\nd'] })
  t.deepEqual(result.stdout_lines, ['a', 'b', 'c', '', 'd'])
})

test('what cannot be run is refused before anything is', async (t) => {
  const refusal = async (params: object) => (await settle(command, params)).plan.failure
  t.is(await refusal({ chdir: '/' }), 'no command given')
  t.is(await refusal({ cmd: ' \n' }), 'no command given')
  t.is(await refusal({ argv: [] }), 'no command given')
  t.is(await refusal({ cmd: 'echo', argv: ['echo'] }), 'only command or argv can be given, not both')
  t.is(await refusal({ cmd: 'echo "open' }), 'No closing quotation')
  t.is(await refusal({ cmd: 'echo open\\' }), 'No escaped character')
  t.is(
    await refusal({ cmd: 'make install creates=/usr/local/bin/x' }),
    '"creates=/usr/local/bin/x" inside the command line is not understood: write "creates: /usr/local/bin/x" as a parameter, beside "cmd:" or under "args:"',
  )
})

test('warn is refused with the reason, an unknown key too', (t) => {
  t.is(command.params.safeParse({ cmd: 'rm x', warn: false }).error?.issues[0]?.message, '`warn` is gone, in Ansible since 2.14: delete it')
  t.false(command.params.safeParse({ cmd: 'rm x', create: '/x' }).success)
})

test('executable is not used and said to be', async (t) => {
  const { result } = await settle(command, { cmd: 'echo hi', executable: '/bogus' })
  t.is(result.stdout, 'hi')
  t.deepEqual(result.warnings, ["the parameter 'executable' is no longer supported with the 'command' module: not using '/bogus'"])
})

test('the command sees nothing of the script that starts it', async (t) => {
  const argv = ['sh', '-c', 'env; set; echo "$0 $#"', 'zero']
  const { result } = await settle(command, { argv: [...argv, '$HOME'] })
  t.false(String(result.stdout).includes('mhprov_'))
  t.true(String(result.stdout).endsWith('zero 1'))
})
