import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { weekly } from '../../src/lab/weekly.ts'

const day = Math.floor(Date.now() / 86_400_000)

function folder(t: ExecutionContext) {
  const dir = mkdtempSync(join(tmpdir(), 'weekly-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  const built: string[] = []
  const open = (recipe: string, inUse: string[] = []) =>
    weekly({
      dir,
      name: 'cake',
      recipe,
      inUse: new Set(inUse),
      build: async (path) => {
        built.push(recipe)
        mkdirSync(path)
        writeFileSync(join(path, 'is'), recipe)
      },
    })
  return { dir, built, open }
}

test('it is built once, and again when the recipe is another', async (t) => {
  const { dir, built, open } = folder(t)
  const first = await open('plum')
  t.is(readFileSync(join(first, 'is'), 'utf8'), 'plum')
  t.is(await open('plum'), first)
  const second = await open('lemon')
  t.deepEqual(built, ['plum', 'lemon'])
  t.deepEqual(readdirSync(dir), [second.slice(dir.length + 1)])
})

test('it is built again when it is a week old, and kept while it is in use', async (t) => {
  const { dir, built, open } = folder(t)
  const digest = (await open('plum')).split('-').at(-2)
  const old = join(dir, `cake-${digest}-${day - 7}`)
  const good = join(dir, `cake-${digest}-${day - 6}`)
  rmSync(join(dir, readdirSync(dir)[0]!), { recursive: true })
  mkdirSync(old)
  mkdirSync(good)
  mkdirSync(join(dir, 'cakestand-1'))
  t.is(await open('plum', [old]), good)
  rmSync(good, { recursive: true })
  const fresh = await open('plum', [old])
  t.deepEqual(readdirSync(dir).sort(), [old, fresh, 'cakestand-1'].map((path) => path.replace(`${dir}/`, '')).sort())
  await open('plum')
  t.deepEqual(readdirSync(dir).sort(), [fresh.slice(dir.length + 1), 'cakestand-1'].sort())
  t.deepEqual(built, ['plum', 'plum'])
})

test('what an interrupted build left is no obstacle, and a failed build leaves nothing', async (t) => {
  const { dir, open } = folder(t)
  mkdirSync(join(dir, 'cake-building'))
  writeFileSync(join(dir, 'cake-building', 'half'), '')
  const made = await open('plum')
  t.deepEqual(readdirSync(made), ['is'])
  const build = async (path: string) => {
    mkdirSync(path)
    throw new Error('no oven')
  }
  await t.throwsAsync(weekly({ dir, name: 'pie', recipe: 1, build }), { message: 'no oven' })
  t.deepEqual(readdirSync(dir), [made.slice(dir.length + 1)])
})
