import { homedir } from 'node:os'
import { join } from 'node:path'
import type { AnyAuthMethod, AuthHandlerMiddleware, Prompt } from 'ssh2'
import type { Secret } from '../secrets/secret.ts'
import { type AgentKey, readAgent } from './ssh-agent.ts'
import { expandHome } from './ssh-config.ts'
import { type KeyFile, readKeyFile, unlock } from './ssh-key.ts'
import { HostLost } from './transport.ts'

/** What a login may use. */
export interface Credentials {
  /** Only this key then, be it in the file or in the agent. */
  readonly keyFile?: string | undefined
  /** Instead of the default ones, when no `keyFile` is named. */
  readonly identities?: readonly string[] | undefined
  /** Of the agent's keys only those whose file is one of these. */
  readonly identitiesOnly?: boolean | undefined
  readonly password?: Secret | undefined
  readonly passphrase?: ((file: string) => Promise<Secret | undefined>) | undefined
  /** Path of the agent's socket. */
  readonly agent?: string | undefined
}

/** One way to log in, made when its turn comes; undefined when it then turns out not to be one. */
interface Attempt {
  readonly name: string
  readonly method: 'publickey' | 'password' | 'keyboard-interactive'
  readonly make: () => Promise<AnyAuthMethod | undefined>
  /** It needs a passphrase, so it comes last. */
  readonly locked?: true
}

/** A login dialogue: ssh2's handler, and what it has tried when it fails. */
export interface Dialogue {
  readonly handler: AuthHandlerMiddleware
  readonly tried: () => string
  readonly accepted: () => readonly string[]
}

const DEFAULTS = ['id_ed25519', 'id_ecdsa', 'id_rsa']

/**
 * Prepares the login of `user`: the named key; or the password, if there is one, and then the default keys and those of the agent.
 * Throws HostLost('key-file') when the named key cannot be used, before anything is connected. No `none` request is sent: it costs a round trip.
 */
export async function prepareLogin(user: string, credentials: Credentials): Promise<Dialogue> {
  const agentKeys = await readAgent(credentials.agent)
  const attempts = [
    ...(credentials.keyFile ? [await namedKey(user, expandHome(credentials.keyFile), agentKeys, credentials)] : []),
    ...(credentials.password ? byPassword(user, credentials.password) : []),
    ...(credentials.keyFile ? [] : await defaultKeys(user, agentKeys, credentials)),
  ]
  const tried: string[] = []
  let accepted: readonly string[] = []
  const next = async (left: readonly string[] | null): Promise<AnyAuthMethod | false> => {
    accepted = left ?? accepted
    for (let attempt = attempts.shift(); attempt; attempt = attempts.shift()) {
      if (left && !left.includes(attempt.method)) continue
      const method = await attempt.make()
      tried.push(method ? attempt.name : `${attempt.name} (which stayed encrypted)`)
      if (method) return method
    }
    return false
  }
  return {
    handler: (left, _partial, answer) => {
      // ssh2 takes `false` for the end of the list, though its types do not say so. Not returned but called back: it may take time.
      next(left as readonly string[] | null).then((method) => answer(method as AnyAuthMethod))
    },
    tried: () => tried.join(', '),
    accepted: () => accepted,
  }
}

async function namedKey(user: string, file: string, agentKeys: readonly AgentKey[], credentials: Credentials): Promise<Attempt> {
  const found = await readKeyFile(file)
  const held = agentKeys.find((key) => 'blob' in found && found.blob?.equals(key.blob))
  const unusable = (message: string, hint?: string) => new HostLost('key-file', message, hint)
  if (held) return viaAgent(user, held, `key ${file} (from the agent)`)
  switch (found.is) {
    case 'private':
      return viaKey(user, file, found)
    case 'missing':
      throw unusable(`there is no private key ${file}`)
    case 'public':
      throw unusable(`of ${file} there is only the public half, and the agent does not hold the other`)
    case 'unusable':
      throw unusable(`the private key ${file} cannot be used: ${found.why}`)
    case 'encrypted': {
      const key = await unlock(file, found.bytes, credentials.passphrase)
      if (key === undefined) throw unusable(`the private key ${file} is encrypted, and its passphrase is not at hand`, `ssh-add ${file}`)
      if (key instanceof Error) throw unusable(`that is not the passphrase of ${file}`)
      return viaKey(user, file, { is: 'private', key })
    }
  }
}

async function defaultKeys(user: string, agentKeys: readonly AgentKey[], credentials: Credentials): Promise<Attempt[]> {
  const files = credentials.identities ?? DEFAULTS.map((name) => join(homedir(), '.ssh', name))
  const attempts: Attempt[] = []
  const others = new Set(agentKeys)
  for (const file of files) {
    const found = await readKeyFile(file)
    const held = agentKeys.find((key) => 'blob' in found && found.blob?.equals(key.blob))
    if (held && others.delete(held)) attempts.push(viaAgent(user, held, `key ${file} (from the agent)`))
    else if (found.is === 'private') {
      for (const key of others) if (key.blob.equals(found.key.getPublicSSH())) others.delete(key)
      attempts.push(viaKey(user, file, found))
    } else if (found.is === 'encrypted') attempts.push(viaLocked(user, file, found, credentials))
  }
  if (!credentials.identitiesOnly) attempts.push(...[...others].map((key) => viaAgent(user, key, `agent key ${key.comment}`)))
  return attempts.sort((a, b) => Number(a.locked ?? false) - Number(b.locked ?? false))
}

const viaKey = (username: string, file: string, { key }: Extract<KeyFile, { is: 'private' }>): Attempt => ({
  name: `key ${file}`,
  method: 'publickey',
  make: async () => ({ type: 'publickey', username, key }),
})

const viaLocked = (
  username: string,
  file: string,
  { bytes }: Extract<KeyFile, { is: 'encrypted' }>,
  { passphrase }: Credentials,
): Attempt => ({
  name: `key ${file}`,
  method: 'publickey',
  locked: true,
  make: async () => {
    const key = await unlock(file, bytes, passphrase)
    return key && !(key instanceof Error) ? { type: 'publickey', username, key } : undefined
  },
})

const viaAgent = (username: string, key: AgentKey, name: string): Attempt => ({
  name,
  method: 'publickey',
  make: async () => ({ type: 'agent', username, agent: key.agent }),
})

const byPassword = (username: string, password: Secret): Attempt[] => [
  { name: 'password', method: 'password', make: async () => ({ type: 'password', username, password: password.reveal() }) },
  {
    name: 'password (keyboard-interactive)',
    method: 'keyboard-interactive',
    make: async () => {
      let asked = false
      return {
        type: 'keyboard-interactive',
        username,
        // The password is the answer to one hidden question; to all else (a second factor, the question again) there is none.
        prompt: (_name: string, _instructions: string, _language: string, prompts: Prompt[], finish: (answers: string[]) => void) => {
          const first = prompts.findIndex((prompt) => prompt.echo === false)
          finish(prompts.map((_prompt, i) => (i === first && !asked ? password.reveal() : '')))
          asked = true
        },
      }
    },
  },
]
