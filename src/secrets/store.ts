import { existsSync, readFileSync } from 'node:fs'
import { bad, type Diagnostic, fine, position, problem, type Result, type Source } from '../diagnostic.ts'
import { editMapping, parseYaml } from '../yaml.ts'
import { readAgeKey, writeAgeKey } from './age-key.ts'
import { replaceFile, withLock } from './file.ts'

/** The secrets of an inventory: `secrets.yaml` beside it, each value encrypted with age (age-encryption.org/v1) to one X25519 key. */
export interface Store {
  readonly file: string
  readonly keyFile: string
  /** In the order of the file. */
  readonly names: readonly string[]
  has(name: string): boolean
  /** Decrypts some of them, all faults at once. */
  open(names: readonly string[]): Promise<Result<Map<string, string>>>
  /** Writes some, or takes away those that are undefined; others and comments stay. Atomic, and safe beside another run. Says what it made. */
  save(
    values: ReadonlyMap<string, string | undefined>,
    /** Of these, one that another run has kept meanwhile stays, and is handed back. */
    made?: ReadonlySet<string>,
  ): Promise<Result<Saved>>
}

export interface Saved {
  readonly madeKey: boolean
  /** What was there already of what was made. */
  readonly kept: ReadonlyMap<string, string>
}

const HEADER = `# Secrets, each encrypted with age (https://age-encryption.org). \`mhprov secrets\` shows and changes them.\n`

type Entries = Map<string, { readonly text: string; readonly at: Source }>

/** Reads the file's form; nothing is decrypted, and no key is needed yet. A missing file is an empty store. */
export function readStore(file: string, keyFile: string): Result<Store> {
  const read = existsSync(file) ? entriesOf(file, readFileSync(file, 'utf8')) : fine<Entries>(new Map())
  if (!read.ok) return read
  const entries = read.value
  return fine({
    file,
    keyFile,
    names: [...entries.keys()],
    has: (name) => entries.has(name),
    open: (names) => decrypt(entries, names, file, keyFile),
    save: (values, made) => save(values, made ?? new Set(), file, keyFile),
  })
}

function entriesOf(path: string, text: string): Result<Entries> {
  const parsed = parseYaml({ path, text })
  if (!parsed.ok) return parsed
  const entries: Entries = new Map()
  if (!parsed.value || (parsed.value.kind === 'scalar' && parsed.value.value === null)) return fine(entries)
  if (parsed.value.kind !== 'map') return bad(problem('invalid-value', 'this must be a mapping of names to secrets', parsed.value.at))
  const problems: Diagnostic[] = []
  for (const { key, keyAt, value } of parsed.value.entries) {
    const sealed = value.kind === 'scalar' && typeof value.value === 'string' && value.value.includes('-----BEGIN AGE ENCRYPTED FILE-----')
    if (sealed) entries.set(key, { text: String(value.value), at: keyAt })
    // without the frame of a fault, which would show what stands there
    else
      problems.push(
        problem(
          'invalid-value',
          `${path}:${position(text, keyAt.start).line}: ${key} is not encrypted`,
          undefined,
          `delete it, then: mhprov secrets set ${key}`,
        ),
      )
  }
  return problems.length > 0 ? bad(...problems) : fine(entries)
}

async function decrypt(entries: Entries, names: readonly string[], file: string, keyFile: string): Promise<Result<Map<string, string>>> {
  const values = new Map<string, string>()
  if (names.length === 0) return fine(values)
  const key = readAgeKey(keyFile)
  if (!key.ok) return key
  if (key.value === undefined) {
    const hint = `put the copy of the key back, or delete ${file} and give its secrets again`
    return bad(problem('missing-file', `the age key that opens ${file} is not there: ${keyFile}`, undefined, hint))
  }
  const { armor, Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  decrypter.addIdentity(key.value)
  const problems: Diagnostic[] = []
  for (const name of names) {
    const { text, at } = entries.get(name)!
    try {
      values.set(name, await decrypter.decrypt(armor.decode(text), 'text'))
    } catch (error) {
      const why = /no identity matched/i.test((error as Error).message) ? 'it was encrypted for another key' : (error as Error).message
      problems.push(problem('invalid-value', `${name} cannot be opened with ${keyFile}: ${why}`, at, `mhprov secrets set ${name}`))
    }
  }
  return problems.length > 0 ? bad(...problems) : fine(values)
}

/** Makes a key where there is none; gives its identity. */
export async function makeAgeKey(file: string): Promise<string> {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption')
  const identity = await generateX25519Identity()
  writeAgeKey(file, identity, await identityToRecipient(identity))
  return identity
}

async function save(
  values: ReadonlyMap<string, string | undefined>,
  made: ReadonlySet<string>,
  file: string,
  keyFile: string,
): Promise<Result<Saved>> {
  try {
    return await withLock(file, async () => {
      const now = existsSync(file) ? readFileSync(file, 'utf8') : HEADER
      const entries = entriesOf(file, now)
      if (!entries.ok) return entries
      const { armor, Encrypter, identityToRecipient } = await import('age-encryption')
      const key = readAgeKey(keyFile)
      if (!key.ok) return key
      // with another key beside them, the secrets that are there would be lost unnoticed
      const others = [...entries.value.keys()].filter((name) => !values.has(name))
      const readable = await decrypt(entries.value, others.slice(0, 1), file, keyFile)
      if (!readable.ok) return readable
      const kept = await decrypt(
        entries.value,
        [...made].filter((name) => entries.value.has(name)),
        file,
        keyFile,
      )
      if (!kept.ok) return kept
      const recipient = await identityToRecipient(key.value ?? (await makeAgeKey(keyFile)))
      const edits = new Map<string, string | undefined>()
      for (const [name, value] of values) {
        if (kept.value.has(name)) continue
        const encrypter = new Encrypter()
        encrypter.addRecipient(recipient)
        edits.set(name, value === undefined ? undefined : armor.encode(await encrypter.encrypt(value)))
      }
      replaceFile(file, editMapping(now, edits))
      return fine({ madeKey: key.value === undefined, kept: kept.value })
    })
  } catch (error) {
    return bad(problem('missing-file', `cannot keep secrets in ${file}: ${(error as Error).message}`))
  }
}
