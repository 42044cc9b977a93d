import type { Http } from './http.ts'
import type { Sh } from './shell.ts'

interface Kind<V> {
  readonly name: string
  /** Whether an answer says "there is no such thing". A dry run is careful with these once an earlier task might have made one. */
  readonly isAbsent?: (value: V) => boolean
}

/**
 * A kind of thing that can be known of a host. Asking is read-only and total: a missing file or tool is an answer.
 * `K` is what tells one from another (a path, a unit name; anything JSON can hold), `V` is the answer.
 */
export interface FactKind<K, V> extends Kind<V> {
  /**
   * One script for any number of keys, with one fork for them all where the tool allows it.
   * Runs under LC_ALL=C with stdin at /dev/null and stderr dropped; its exit code is ignored.
   */
  readonly script: (keys: readonly K[]) => Sh
  /** What a key holds is on no command line while it is asked, so a secret may be in it. */
  readonly unseen?: true
  /** The script's stdout, byte for byte, to one answer per key, in the order of the keys. */
  readonly parse: (stdout: Buffer, keys: readonly K[]) => V[]
}

/** The same of a service that the controller asks by requests. The key must tell by whose token: a Secret is the same text in every `id`. */
export interface RemoteFactKind<K, V> extends Kind<V> {
  readonly ask: (key: K, http: Http) => Promise<V>
}

type AnyKind<K, V> = FactKind<K, V> | RemoteFactKind<K, V>

export const isRemote = <K, V>(kind: AnyKind<K, V>): kind is RemoteFactKind<K, V> => 'ask' in kind

/** One thing to be known: a kind and a key. Two with the same `id` are the same question. */
// biome-ignore lint/suspicious/noExplicitAny: a list of questions mixes kinds; V is what callers rely on
export interface Fact<V = any> {
  readonly id: string
  // biome-ignore lint/suspicious/noExplicitAny: the key's type matters only to its own kind
  readonly kind: AnyKind<any, V>
  readonly key: unknown
  /** What a change will make of it; a dry run believes this from then on. */
  readonly will: (value: V | ((before: V) => V)) => Prediction
}

export interface Prediction {
  readonly fact: Fact
  // biome-ignore lint/suspicious/noExplicitAny: typed where it is made, by Fact.will
  readonly value: (before: any) => any
}

/** A fact that a host's shell answers. */
// biome-ignore lint/suspicious/noExplicitAny: as in Fact
export interface HostFact<V = any> extends Fact<V> {
  // biome-ignore lint/suspicious/noExplicitAny: the key's type matters only to its own kind
  readonly kind: FactKind<any, V>
}

/** Makes the function that names facts of a kind: `export const unit = factKind<string, Unit>({...})`, then `unit('ssh.service')`. */
export function factKind<K, V>(kind: FactKind<K, V>): (key: K) => HostFact<V>
export function factKind<K, V>(kind: RemoteFactKind<K, V>): (key: K) => Fact<V>
export function factKind<K, V>(kind: AnyKind<K, V>): (key: K) => Fact<V> {
  return (key) => {
    const fact: Fact<V> = {
      id: `${kind.name} ${JSON.stringify(key)}`,
      kind,
      key,
      will: (value) => ({
        fact,
        value: typeof value === 'function' ? (value as (before: V) => V) : () => value,
      }),
    }
    return fact
  }
}
