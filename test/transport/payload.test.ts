import { createHash, randomBytes } from 'node:crypto'
import { appendFile, mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import fc from 'fast-check'
import { sh } from '../../src/module/shell.ts'
import { here, show } from './local-host.ts'

test('without a payload stdin is empty; with one it is used up whether it is read or not', async (t) => {
  const shell = await (await here(t)).shell()
  const big = randomBytes(3_000_000)
  const replies = await Promise.all([
    shell.request({ script: 'wc -c' }),
    shell.request({ script: 'echo not read', stdin: big }),
    shell.request({ script: 'exit 5', stdin: big }),
    shell.request({ script: 'if', stdin: 'x' }),
    shell.request({ script: 'head -c 1 >/dev/null; cat >/dev/full', stdin: big }),
    shell.request({ script: 'sha256sum', stdin: big }),
    shell.request({ script: 'wc -c', stdin: '' }),
  ])
  t.deepEqual(
    replies.map((reply) => [reply.code, reply.stdout.toString()]),
    [
      [0, '0\n'],
      [0, 'not read\n'],
      [5, ''],
      [2, ''],
      [1, ''],
      [0, `${createHash('sha256').update(big).digest('hex')}  -\n`],
      [0, '0\n'],
    ],
  )
})

test('any bytes go through as a payload and as output unchanged', async (t) => {
  const shell = await (await here(t)).shell()
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
      const reply = await shell.request({ script: 'cat', stdin: bytes })
      t.deepEqual(reply.stdout, Buffer.from(bytes))
    }),
    { numRuns: 40 },
  )
})

test('a file is streamed as a payload', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'mhprov-payload-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const file = join(directory, 'big')
  const bytes = randomBytes(9_000_000)
  await writeFile(file, bytes)
  const shell = await (await here(t)).shell()
  const reply = await shell.request({ script: 'sha256sum', stdin: { file, size: bytes.length } })
  t.is(reply.stdout.toString(), `${createHash('sha256').update(bytes).digest('hex')}  -\n`)
})

test('a file that is not there or not as large as announced fails its request, and the script does not run', async (t) => {
  const directory = await mkdtemp(join(tmpdir(), 'mhprov-payload-'))
  t.teardown(() => rm(directory, { recursive: true }))
  const file = join(directory, 'small')
  await writeFile(file, 'four')
  const shell = await (await here(t)).shell()
  const replies = await Promise.all([
    shell.request({ script: 'echo ran', stdin: { file: join(directory, 'none'), size: 4 } }),
    shell.request({ script: 'echo ran', stdin: { file, size: 5 } }),
    shell.request({ script: 'cat', stdin: { file, size: 4 } }),
  ])
  t.deepEqual(replies.map(show), [
    {
      code: 66,
      stdout: '',
      stderr: `mhprov: cannot read ${directory}/none: ENOENT: no such file or directory, stat '${directory}/none'\n`,
    },
    { code: 66, stdout: '', stderr: `mhprov: ${file} was 5 bytes when it was looked at and is 4 now\n` },
    { code: 0, stdout: 'four', stderr: '' },
  ])
})

for (const [what, alter] of [
  ['shrinks', (file: string) => truncate(file, 1_000_000)],
  ['grows', (file: string) => appendFile(file, 'more')],
] as const)
  test(`a file that ${what} while it is sent never reaches the end of its script`, async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'mhprov-payload-'))
    t.teardown(() => rm(directory, { recursive: true }))
    const [file, copy, go] = [join(directory, 'file'), join(directory, 'copy'), join(directory, 'go')]
    await (await open(file, 'w')).close()
    await truncate(file, 30_000_000)
    const connection = await here(t)
    const shell = await connection.shell()
    const asked = shell.request({
      script: sh`echo reading; until [ -e ${go} ]; do sleep 0.05; done; (cat >${copy}.part && mv ${copy}.part ${copy})`.text,
      stdin: { file, size: 30_000_000 },
      onOutput: async () => {
        await alter(file)
        await writeFile(go, '')
      },
    })
    const later = shell.request({ script: 'echo later' })
    const error = await t.throwsAsync(asked)
    t.is(error.message, `${file} changed while it was being sent, so the shell was closed before the script could believe it whole`)
    await t.throwsAsync(later, { is: error })
    const other = await (await here(t)).shell()
    t.is((await other.request({ script: sh`sleep 0.5; ls ${directory}`.text })).stdout.toString(), 'copy.part\nfile\ngo\n')
  })
