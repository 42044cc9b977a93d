import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { dirname, join } from 'node:path'
import { bad, fine, problem, type Result } from '../diagnostic.ts'

/** Where the key is that opens the secrets: $MHPROV_AGE_KEY_FILE, or age.key in $XDG_CONFIG_HOME/mhprov (~/.config/mhprov). */
export const ageKeyFile = (env: NodeJS.ProcessEnv = process.env): string =>
  env.MHPROV_AGE_KEY_FILE || join(env.XDG_CONFIG_HOME || join(homedir(), '.config'), 'mhprov', 'age.key')

/** The identity in a key file as age-keygen(1) writes it: lines that begin with # are comments. undefined where there is no file. */
export function readAgeKey(file: string): Result<string | undefined> {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
    const { mode } = statSync(file)
    if ((mode & 0o077) !== 0)
      return bad(problem('invalid-value', `${file} can be read by others: the key to all secrets`, undefined, `chmod 600 ${file}`))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return fine(undefined)
    return bad(problem('missing-file', `cannot read the age key: ${(error as Error).message}`))
  }
  const identity = /^AGE-SECRET-KEY-1[A-Z0-9]+$/m.exec(text)?.[0]
  return identity ? fine(identity) : bad(problem('invalid-value', `${file} holds no age identity (a line AGE-SECRET-KEY-1…)`))
}

/** Writes a new key file, readable by its owner alone. Throws where one is already, or the folder cannot be written. */
export function writeAgeKey(file: string, identity: string, recipient: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
  const text = `# Opens the secrets of mhprov's inventories (secrets.yaml). Keep a copy in a safe place: nothing else can.\n# public key: ${recipient}\n${identity}\n`
  const made = openSync(file, 'wx', 0o600)
  try {
    writeFileSync(made, text)
    chmodSync(file, 0o600)
    // on disk before anything is encrypted for it
    fsyncSync(made)
  } finally {
    closeSync(made)
  }
}
