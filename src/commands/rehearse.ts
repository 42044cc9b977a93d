import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Event } from '../engine/event.ts'
import { acmePackages } from '../lab/acme.ts'
import { imageNames } from '../lab/image.ts'
import { type Lab, type LabHost, LabUnavailable, openLab, type Suite } from '../lab/lab.ts'
import { installPackages, missingPackages } from '../lab/requirements.ts'
import { modules } from '../modules/index.ts'
import { loadPlaybook } from '../playbook/load.ts'
import { allTags } from '../playbook/tags.ts'
import type { Node, Play } from '../playbook/tree.ts'
import { compareRuns, rehearsalReport } from '../report/rehearsal.ts'
import { wantsColour } from '../report/reporter.ts'
import { makeAgeKey } from '../secrets/store.ts'
import { execute } from './apply.ts'
import { EXIT } from './exit-code.ts'
import type { RunArguments } from './options.ts'
import { type EdgeStage, openEdgeStage } from './rehearse-edge.ts'
import { FLAGSHIP, openSession } from './session.ts'
import type { Terminal } from './terminal.ts'

export interface RehearseArguments extends Omit<RunArguments, 'inventory'> {
  readonly suite: string
  readonly yes?: boolean | undefined
  readonly keep?: boolean | undefined
  readonly edge?: boolean | undefined
}

const HOST = 'rehearsal'
const SYNAPSE = 'matrixdotorg/synapse'

/** `mhprov rehearse`: check, apply and apply again on a real host that exists only for this, and tell how well the first foretold the second. */
export async function rehearse(args: RehearseArguments, outer: Terminal): Promise<number> {
  const playbook = args.playbook ?? FLAGSHIP
  const loaded = loadPlaybook(playbook, modules).playbook
  const { plays } = loaded
  const groups = groupsOf(plays)
  const tell = (line: string) => outer.err(`rehearse: ${line}\n`)
  const dir = mkdtempSync(join(tmpdir(), 'mhprov-'))
  // the secrets of a rehearsal, and the key to them, go away with the host
  const keyFile = join(dir, 'age.key')
  const terminal = { ...outer, env: { ...withoutSecrets(outer.env, plays), MHPROV_AGE_KEY_FILE: keyFile } }
  const inventory = join(dir, 'inventory.yaml')
  let lab: Lab | undefined
  let stage: EdgeStage | undefined
  try {
    await makeAgeKey(keyFile)
    const variables = standIns(plays, args.extraVars ?? [])
    writeFileSync(inventory, inventoryText(groups, variables), { mode: 0o600 })
    // faults of the playbook are told before minutes go into a host
    if (!(await openSession({ ...args, playbook, inventory }, terminal))) return EXIT.input
    if (!(await ready(args, terminal, tell))) return EXIT.usage
    const began = Date.now()
    const images = !plays.some(pullsImages) ? [] : args.edge ? imageNames : [SYNAPSE]
    lab = await openLab({ suite: args.suite as Suite, images, ...(args.edge && { edge: {} }), say: tell, signal: terminal.leave })
    const host = await lab.host(HOST)
    tell(`${args.suite} host at ${host.address} is up after ${seconds(Date.now() - began)}`)
    if (args.edge) stage = await openEdgeStage(lab, host, { dir, keyFile, tell })
    if (stage) tell('Cloudflare, an authority for certificates and another homeserver are there')
    const version = 'synapse_version' in variables ? synapseVersion(lab) : undefined
    const all = { ...variables, ...(version && { synapse_version: version }), ...stage?.variables }
    writeFileSync(inventory, inventoryText(groups, all, host))
    const within = { ...terminal, env: { ...terminal.env, ...stage?.env } }
    // all of it is rehearsed, and there are tasks that prove its work beside those that do it
    const proves = !args.tags?.length && allTags(loaded).includes('verify')
    const code = await allRuns({ ...args, playbook, inventory }, within, tell, { proves, stage })
    if (args.keep) await hold(host, { inventory, keyFile }, terminal, tell)
    return code
  } catch (error) {
    if (terminal.stop.aborted) return EXIT.interrupted
    if (!(error instanceof LabUnavailable)) throw error
    terminal.err(`rehearse: no throwaway host can be made here: ${error.message}\n`)
    return EXIT.unreachable
  } finally {
    await stage?.close()
    await lab?.destroy()
    rmSync(dir, { recursive: true, force: true })
  }
}

async function allRuns(
  args: RunArguments,
  terminal: Terminal,
  tell: (line: string) => void,
  { proves, stage }: { readonly proves: boolean; readonly stage: EdgeStage | undefined },
): Promise<number> {
  const runs: { events: Event[]; ms: number; code: number }[] = []
  const names = ['check', 'apply', 'apply again', ...(proves ? ['verify'] : [])]
  for (const name of names) {
    tell(`${name} …`)
    const own = {
      check: name === 'check',
      diff: name === 'check' && (args.verbose ?? 0) > 0,
      ...(name === 'verify' && { tags: ['verify'] }),
    }
    const session = await openSession({ ...args, ...own }, terminal)
    if (!session) return EXIT.input
    const events: Event[] = []
    const began = Date.now()
    const code = await execute(session, args, terminal, (event) => events.push(event))
    runs.push({ events, ms: Date.now() - began, code })
    if (code !== EXIT.ok) {
      tell(`${name} ended with exit code ${code}: the rehearsal stops here`)
      return code
    }
  }
  if (stage) tell('federation …')
  const began = Date.now()
  await stage?.federate()
  const federation = Date.now() - began
  const [check, apply, again, verify] = runs
  const comparison = compareRuns(check!.events, apply!.events, again!.events)
  const ms = { check: check!.ms, apply: apply!.ms, again: again!.ms, ...(verify && { verify: verify.ms }), ...(stage && { federation }) }
  terminal.out(rehearsalReport(comparison, ms, wantsColour(terminal.isTTY, terminal.env)))
  return comparison.changedAgain.length > 0 ? EXIT.failed : EXIT.ok
}

/** The environment without what the playbook's secrets are read from: a throwaway host must not get real ones, nor Cloudflare a real change. */
function withoutSecrets(env: NodeJS.ProcessEnv, plays: readonly Play[]): NodeJS.ProcessEnv {
  const names = plays.flatMap((play) => play.secrets.flatMap(({ origin }) => (origin.kind === 'env' ? [origin.variable] : [])))
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)))
}

/** What the flagship's variables are in a rehearsal; only those that the playbook takes and nobody gave. */
function standIns(plays: readonly Play[], given: readonly string[]): Record<string, unknown> {
  const all = { server_name: 'example.com', matrix_users: [{ name: 'alice', admin: true }, { name: 'bob' }], synapse_version: 'latest' }
  const takes = (name: string) => plays.some((play) => play.specs.some((spec) => spec.name === name))
  return Object.fromEntries(Object.entries(all).filter(([name]) => takes(name) && !given.some((one) => one.includes(name))))
}

/** The tag of the Synapse that the lab made of Debian's package: the one that the playbook pins may be older or newer. */
const synapseVersion = ({ registry }: Lab): string | undefined =>
  Object.entries(registry?.images.find(({ name }) => name === SYNAPSE)?.tags ?? {}).find(
    ([tag, digest], _, all) => tag !== 'latest' && all.some(([other, same]) => other === 'latest' && same === digest),
  )?.[0]

/** Groups that the playbook's host patterns name: the throwaway host is in all of them. */
function groupsOf(plays: readonly Play[]): string[] {
  const words = plays.flatMap((play) => play.hosts.split(/[,:]/)).map((word) => word.replace(/^[!&]/, '').trim())
  return [...new Set(words)].filter((word) => /^[A-Za-z_][\w-]*$/.test(word) && !['all', 'localhost', 'ungrouped', HOST].includes(word))
}

/** Whether a task may pull an image: Docker Hub is out of the throwaway host's reach, and the lab's own images take a minute to make. */
function pullsImages(play: Play): boolean {
  const uses = (node: Node): boolean =>
    node.kind === 'task' ? /^docker_(image|container)/.test(node.module.name) : [...node.block, ...node.rescue, ...node.always].some(uses)
  return play.sections.flat().some(uses) || play.handlers.some(uses)
}

/** Logs in as an ordinary user who may use sudo with a password, as on a laptop. */
function inventoryText(groups: readonly string[], variables: Record<string, unknown>, host?: LabHost): string {
  const vars = {
    ...variables,
    ...(host && {
      ansible_host: host.address,
      ansible_port: host.port,
      ansible_user: 'mint',
      ansible_ssh_private_key_file: host.privateKeyFile,
      ansible_ssh_host_key: host.hostKey,
      ansible_become: true,
      ansible_become_password: 'mint-password',
    }),
  }
  const children = Object.fromEntries(groups.map((group) => [group, { hosts: { [HOST]: null } }]))
  return `${JSON.stringify({ all: { hosts: { [HOST]: vars }, children } }, null, 2)}\n`
}

async function ready({ yes, edge }: RehearseArguments, terminal: Terminal, tell: (line: string) => void): Promise<boolean> {
  const missing = [...new Set([...missingPackages(), ...(edge ? missingPackages(acmePackages) : [])])]
  if (missing.length === 0) return true
  if (process.getuid?.() !== 0) {
    tell(`these Debian packages are needed: ${missing.join(' ')}; and root, to make namespaces and mounts`)
    return false
  }
  if (!yes) {
    const answer = terminal.ask ? await terminal.ask(`Install ${missing.join(' ')} on this machine? [y/N] `, true) : ''
    if (!/^y(es)?$/i.test(answer.trim())) {
      tell(`these Debian packages are needed: ${missing.join(' ')}; --yes installs them`)
      return false
    }
  }
  await installPackages(missing, tell)
  return true
}

async function hold(
  host: LabHost,
  { inventory, keyFile }: { inventory: string; keyFile: string },
  terminal: Terminal,
  tell: (line: string) => void,
): Promise<void> {
  tell(`the host stays up until Ctrl-C. To get in:`)
  tell(`  ssh -i ${host.privateKeyFile} -o UserKnownHostsFile=${host.knownHostsFile} root@${host.address}`)
  tell(`  MHPROV_AGE_KEY_FILE=${keyFile} npx mhprov apply -i ${inventory}`)
  if (terminal.stop.aborted) return
  // a timer keeps the process alive while nothing else does
  const alive = setInterval(() => undefined, 60_000)
  await new Promise((stopped) => terminal.stop.addEventListener('abort', stopped, { once: true }))
  clearInterval(alive)
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
