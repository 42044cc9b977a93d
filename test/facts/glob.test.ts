import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { glob } from '../../src/facts/glob.ts'
import { shell } from '../helpers/settle.ts'

const home = mkdtempSync(join(tmpdir(), "glob 'a' "))
test.before(() => {
  for (const name of ['plain', '.hidden', 'a-b', 'a]b', 'sp ace', '-dash', "it's", 'star*', 'back\\slash'])
    writeFileSync(join(home, name), '')
  mkdirSync(join(home, 'dir'))
  symlinkSync('nowhere', join(home, 'dangling'))
})
test.after.always(() => rmSync(home, { recursive: true }))

const CASES: [string, boolean][] = [
  ['plain', true],
  ['absent', false],
  ['pl*', true],
  ['pl*x', false],
  ['pla?n', true],
  ['pla??n', false],
  ['*hidden', false],
  ['.h*', true],
  ['a[-]b', true],
  ['a[]]b', true],
  ['a[!-]b', true],
  ['[x-z]lain', false],
  ['[o-q]lain', true],
  ['[!o-q]lain', false],
  ['[p', false],
  ['sp ace', true],
  ['sp a*', true],
  ['-da*', true],
  ["it's", true],
  ["it[']s", true],
  ['star[*]', true],
  ['plain[*]', false],
  ['back\\slash', true],
  ['back\\*', true],
  ['pl\\*', false],
  ['dangling', true],
  ['dang*', true],
  ['d*/', true],
  ['dir/*', false],
  ['$(echo plain)', false],
]

test('many patterns are answered by one script, each on its own', async (t) => {
  const keys = CASES.flatMap(([pattern]) => [{ pattern, dir: home }, { pattern: join(home, pattern) + (pattern.endsWith('/') ? '' : '') }])
  const { kind } = glob(keys[0]!)
  const { stdout } = await shell(kind.script(keys).text)
  t.deepEqual(
    kind.parse(stdout, keys).map((found, i) => [keys[i]!.pattern, found]),
    CASES.flatMap(([pattern, found]) => [
      [pattern, found],
      [join(home, pattern), found],
    ]),
  )
})

test('a directory that is not there holds nothing', async (t) => {
  const keys = [{ pattern: '*', dir: join(home, 'no') }]
  const { kind } = glob(keys[0]!)
  t.deepEqual(kind.parse((await shell(kind.script(keys).text)).stdout, keys), [false])
})
