import ssh2, { type ParsedKey } from 'ssh2'

type Agent = ReturnType<typeof ssh2.createAgent>

/** A key that an agent holds, as something that can log in with just this key. */
export interface AgentKey {
  readonly comment: string
  /** The public key in wire form. */
  readonly blob: Buffer
  readonly agent: ssh2.BaseAgent
}

/** Milliseconds for an agent to say what it holds; one that does not is as good as none. */
const PATIENCE = 3000

/**
 * The keys of the agent at a socket, one by one: offered all at once, they would use up the tries that sshd grants (MaxAuthTries).
 * None when nothing answers there. Certificates and FIDO keys are not among them, since ssh2 cannot use them.
 */
export async function readAgent(socket: string | undefined): Promise<AgentKey[]> {
  if (!socket) return []
  const agent = ssh2.createAgent(socket)
  const keys = await new Promise<readonly ParsedKey[]>((resolve) => {
    const timer = setTimeout(resolve, PATIENCE, [])
    agent.getIdentities((error, found) => {
      clearTimeout(timer)
      resolve(error ? [] : ((found ?? []) as ParsedKey[]))
    })
  })
  return keys.map((key) => ({ comment: key.comment, blob: key.getPublicSSH(), agent: new OneKeyAgent(agent, key) }))
}

/** An agent that admits to a single one of its keys. */
class OneKeyAgent extends ssh2.BaseAgent {
  readonly #agent: Agent
  readonly #key: ParsedKey

  constructor(agent: Agent, key: ParsedKey) {
    super()
    this.#agent = agent
    this.#key = key
  }

  override getIdentities(callback: ssh2.IdentityCallback<ParsedKey>): void {
    callback(undefined, [this.#key])
  }

  override sign(_key: unknown, data: Buffer, options: ssh2.SigningRequestOptions | ssh2.SignCallback, callback?: ssh2.SignCallback): void {
    if (typeof options === 'function') this.#agent.sign(this.#key, data, options)
    else this.#agent.sign(this.#key, data, options, callback)
  }
}
