import { createHash, randomBytes } from 'node:crypto'
import { userInfo } from 'node:os'
import test from 'ava'
import fc from 'fast-check'
import { sh } from '../../src/module/shell.ts'
import { Secret } from '../../src/secrets/secret.ts'
import { here, show } from './local-host.ts'

/** Any text without a NUL, often with what shells find special. */
const nasty = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...'\'"`$(){}*?[]~!#&|;<>\\%=\n\r\t -', '$(exit 9)', '😀', 'é', '\u0081', '%s'),
    ),
  )
  .map((parts) => parts.join('').replaceAll('\0', ''))

test('reports who it runs as and where home is', async (t) => {
  const shell = await (await here(t)).shell()
  const me = userInfo()
  t.deepEqual({ user: shell.user, uid: shell.uid, home: shell.home }, { user: me.username, uid: me.uid, home: process.env.HOME })
})

test('any text goes through as an argument, as a payload and as output unchanged', async (t) => {
  const shell = await (await here(t)).shell()
  await fc.assert(
    fc.asyncProperty(nasty, async (text) => {
      const asked = [
        shell.request({ script: sh`printf %s ${text}`.text }),
        shell.request({ script: sh`printf %s ${text} >&2`.text }),
        shell.request({ script: 'cat', stdin: text }),
        shell.request({ script: 'cat >&2', stdin: new Secret(text) }),
      ]
      const [argument, onStderr, payload, secret] = (await Promise.all(asked)).map(show)
      t.deepEqual(argument, { code: 0, stdout: text, stderr: '' })
      t.deepEqual(onStderr, { code: 0, stdout: '', stderr: text })
      t.deepEqual(payload, { code: 0, stdout: text, stderr: '' })
      t.deepEqual(secret, { code: 0, stdout: '', stderr: text })
    }),
    { numRuns: 60 },
  )
})

test('a line of 1 MiB and a script of 5 MB go through unchanged', async (t) => {
  const shell = await (await here(t)).shell()
  const line = "a'b".repeat(350_000)
  t.true((await shell.request({ script: sh`printf %s ${line}`.text })).stdout.equals(Buffer.from(line)))
  const script = `${'# nothing to do\n'.repeat(320_000)}printf done`
  t.deepEqual(show(await shell.request({ script })), { code: 0, stdout: 'done', stderr: '' })
})

test('what a script says is its own, to the last newline or the lack of one', async (t) => {
  const shell = await (await here(t)).shell()
  const outputs = ['', '\n', '\n\n', 'no newline', 'x\n'].map((text) => shell.request({ script: sh`printf %s ${text}`.text }))
  t.deepEqual(
    (await Promise.all(outputs)).map((reply) => reply.stdout.toString()),
    ['', '\n', '\n\n', 'no newline', 'x\n'],
  )
})

test('the text of a script is run exactly, also when it ends in newlines, a comment or a backslash', async (t) => {
  const shell = await (await here(t)).shell()
  const scripts = ['', '\n\n', 'echo a # b', 'cat <<E\nx\n\nE', 'cat <<E\ny\nE\n', 'printf "%s\n" \'x\n\'\n\n', 'echo $#-$1-']
  const replies = await Promise.all(scripts.map((script) => shell.request({ script })))
  t.deepEqual(
    replies.map((reply) => reply.stdout.toString()),
    ['', '', 'a\n', 'x\n\n', 'y\n', 'x\n\n', '0--\n'],
  )
})

test('replies come in the order of the requests, which are written without waiting', async (t) => {
  const connection = await here(t)
  const shell = await connection.shell()
  const order: number[] = []
  await Promise.all(
    Array.from({ length: 50 }, async (_, i) => {
      const reply = await shell.request({ script: `echo ${i}; exit ${i}` })
      order.push(i)
      t.deepEqual(show(reply), { code: i, stdout: `${i}\n`, stderr: '' })
    }),
  )
  t.deepEqual(order, [...Array(50).keys()])
  t.deepEqual(connection.counts, { shells: 1, roundTrips: 1, requests: 50 })
  await shell.request({ script: ':' })
  await shell.request({ script: ':' })
  t.deepEqual(connection.counts, { shells: 1, roundTrips: 3, requests: 52 })
})

test('nothing a script does to its shell reaches the next one', async (t) => {
  const shell = await (await here(t)).shell()
  const before = show(await shell.request({ script: 'pwd; set; umask' }))
  const codes = await Promise.all(
    [
      'exit 7',
      'set -e; false; echo not reached',
      'set -u; echo "$not_set"',
      'exec true',
      'cd /; x=1; umask 077; PATH=/nowhere; trap "" TERM; exec >/dev/null 2>&1 </dev/null',
      'if',
      "echo 'unclosed",
      'return 4',
      'kill -9 "$(exec sh -c \'echo $PPID\')"',
      'exec 0<&- 1>&- 2>&-',
    ].map(async (script) => (await shell.request({ script })).code),
  )
  t.deepEqual(codes, [7, 1, 2, 0, 0, 2, 2, 4, 137, 0])
  t.deepEqual(show(await shell.request({ script: 'pwd; set; umask' })), before)
})

test('a syntax error is told on stderr', async (t) => {
  const shell = await (await here(t)).shell()
  const reply = await shell.request({ script: 'echo a; )' })
  t.is(reply.code, 2)
  t.regex(reply.stderr.toString(), /[Ss]yntax error/)
})

test('the token is in no argument, environment or variable that a script can see', async (t) => {
  const shell = await (await here(t)).shell()
  const seen = await shell.request({ script: 'set; env; tr "\\0" "\\n" </proc/$$/cmdline; tr "\\0" "\\n" </proc/$$/environ' })
  const [token] = (await shell.request({ script: 'cat /proc/$$/stat >/dev/null; echo "${_k-}${_f-}${_s-}"' })).stdout.toString().split('\n')
  t.is(token, '')
  // what the tests themselves were given may look like one
  const given = Object.values(process.env).sort((a, b) => b!.length - a!.length)
  const own = given.reduce<string>((text, value) => (value ? text.replaceAll(value, '') : text), seen.stdout.toString())
  t.notRegex(own, /[0-9a-f]{32}/)
})

test('an exit trap of a script runs', async (t) => {
  const shell = await (await here(t)).shell()
  t.deepEqual(show(await shell.request({ script: 'trap "echo bye" EXIT; echo hi; exit 3' })), { code: 3, stdout: 'hi\nbye\n', stderr: '' })
})

test('20 MB of output arrive exactly, in pieces on the way', async (t) => {
  const shell = await (await here(t)).shell()
  const random = randomBytes(1000)
  const hash = createHash('sha256')
  let pieces = 0
  const reply = await shell.request({
    script: 'head -c 20000000 /dev/zero; head -c 1000; cat >&2',
    stdin: Buffer.concat([random, random]),
    onOutput: (stream, piece) => {
      if (stream === 'stdout') hash.update(piece)
      pieces++
    },
  })
  t.is(reply.stdout.length, 20_001_000)
  t.deepEqual([reply.stdout.subarray(20_000_000), reply.stderr], [random, random])
  t.is(hash.digest('hex'), createHash('sha256').update(reply.stdout).digest('hex'))
  t.true(pieces > 10)
})

test('stdout and stderr stay apart however they interleave', async (t) => {
  const shell = await (await here(t)).shell()
  const reply = await shell.request({ script: 'i=0; while [ $i -lt 500 ]; do echo o$i; echo e$i >&2; i=$((i+1)); done' })
  const lines = (letter: string) => Array.from({ length: 500 }, (_, i) => `${letter}${i}\n`).join('')
  t.deepEqual(show(reply), { code: 0, stdout: lines('o'), stderr: lines('e') })
})

test('a script can open its stdout and stderr by name', async (t) => {
  const shell = await (await here(t)).shell()
  const reply = await shell.request({ script: 'echo out >/dev/stdout; echo err >/dev/stderr' })
  t.deepEqual(show(reply), { code: 0, stdout: 'out\n', stderr: 'err\n' })
})

test('output of a background process does not hold a reply up, nor get into another one', async (t) => {
  const shell = await (await here(t)).shell()
  const reply = await shell.request({ script: 'sleep 30 & echo started; echo $!' })
  const [started, pid] = reply.stdout.toString().split('\n')
  t.is(started, 'started')
  t.is((await shell.request({ script: `kill ${Number(pid)}; echo next` })).stdout.toString(), 'next\n')
})

test('the system directories are on PATH', async (t) => {
  const shell = await (await here(t)).shell()
  const path = (await shell.request({ script: 'printf %s "$PATH"' })).stdout.toString().split(':')
  t.deepEqual(
    ['/usr/local/sbin', '/usr/sbin', '/sbin'].filter((directory) => !path.includes(directory)),
    [],
  )
})

test('a script with a NUL is a bug, told before anything is written', async (t) => {
  const shell = await (await here(t)).shell()
  await t.throwsAsync(shell.request({ script: 'echo \0' }), { message: 'a script cannot hold a NUL character' })
})

test('a shell that dies rejects what is pending and what comes after', async (t) => {
  const connection = await here(t)
  const shell = await connection.shell()
  const pending = [shell.request({ script: 'kill -9 $$; sleep 5' }), shell.request({ script: 'echo never' })]
  const results = await Promise.allSettled([...pending, ...pending.map((one) => one.catch(() => shell.request({ script: ':' })))])
  t.deepEqual(
    results.map((result) => result.status === 'rejected' && [result.reason.reason, result.reason.message]),
    Array(4).fill(['disconnected', 'the shell of root on here ended'].map((text) => text.replace('root', userInfo().username))),
  )
})

test('closing rejects what is pending, leaves nobody with an unhandled rejection, and can be repeated', async (t) => {
  const connection = await here(t)
  const shell = await connection.shell()
  const pending = shell.request({ script: 'sleep 1' })
  shell.request({ script: 'echo nobody waits for this one' })
  await connection.close()
  await t.throwsAsync(pending, { message: 'the connection to here was closed' })
  await t.throwsAsync(shell.request({ script: ':' }), { message: 'the connection to here was closed' })
  await t.throwsAsync(connection.shell({ user: 'nobody' }), { message: 'the connection to here was closed' })
  await connection.close()
})

test('closing while a shell is being opened rejects that too', async (t) => {
  const connection = await here(t)
  const opening = connection.shell()
  await connection.close()
  await t.throwsAsync(opening, { message: 'the connection to here was closed' })
})
