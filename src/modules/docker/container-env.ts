import type { DockerContainer } from '../../facts/docker-container.ts'
import type { ImageConfig } from '../../facts/docker-image.ts'
import { MASK, Secret } from '../../secrets/secret.ts'
import type { ContainerWant } from './container-params.ts'

type Environment = ReadonlyMap<string, string>

/** `NAME=value` lines by name. */
const byName = (lines: readonly string[] | null | undefined): Environment =>
  new Map((lines ?? []).map((line) => [line.split('=', 1)[0]!, line.slice(line.indexOf('=') + 1)]))

/** The variables of a file for docker's --env-file, or why it cannot be used: no quotes, nothing expanded, # begins a comment (docker-run(1)). */
export function parseEnvFile(text: string): string[] | string {
  const lines = text.split(/\r?\n/).map((line) => line.trimStart())
  const given = lines.filter((line) => line !== '' && !line.startsWith('#'))
  const wrong = given.find((line) => !/^[^\s=]+=/.test(line))
  return wrong === undefined ? given : `it must hold lines like NAME=value; line ${lines.indexOf(wrong) + 1} is not one`
}

/** The environment asked for: that of the file, then the task's own. undefined when neither is given. */
export function wantedEnv(want: ContainerWant, file: readonly string[] | undefined): Environment | undefined {
  if (want.env === undefined && want.env_file === undefined) return undefined
  return new Map([...byName(file), ...Object.entries(want.env ?? {}).map(([name, value]) => [name, value.reveal()] as const)])
}

/** What docker reads with --env-file; a payload for stdin. undefined: nothing to give. */
export const envPayload = (env: Environment | undefined): Secret | undefined =>
  env && env.size > 0 ? new Secret([...env].map(([name, value]) => `${name}=${value}\n`).join('')) : undefined

/**
 * A container to be shown. Who may read env_file on the host may be root alone, and no Redactor knows what stands in it; nor what did when the
 * container was made: so only values that the task or the image gives are shown.
 */
export function withoutFileValues(want: ContainerWant, is: DockerContainer, image: ImageConfig | undefined): DockerContainer {
  if (want.env_file === undefined) return is
  const [own, brought] = [wantedEnv({ ...want, env_file: undefined }, undefined), byName(image?.Env)]
  const shown = [...byName(is.Config.Env)].map(([name, value]) => {
    const known = own?.get(name) === value || brought.get(name) === value
    return `${name}=${known ? value : MASK}`
  })
  return { ...is, Config: { ...is.Config, Env: shown } }
}

// Added by the docker command itself where ~/.docker/config.json has proxies.
const PROXY = /^(https?|ftp|no|all)_proxy$/i

/** Which variables differ, by name and never by value: "env A, B changed". An image that is not known may have brought any other. */
export function envDifferences(env: Environment, is: DockerContainer, image: ImageConfig | undefined, more: boolean): string[] {
  const expected = new Map([...byName(image?.Env), ...env])
  const actual = byName(is.Config.Env)
  const changed = [...expected.keys()].filter((name) => actual.has(name) && actual.get(name) !== expected.get(name))
  const added = [...expected.keys()].filter((name) => !actual.has(name))
  const removed = [...actual.keys()].filter((name) => !expected.has(name) && !PROXY.test(name))
  const said = (names: string[], what: string) => (names.length > 0 ? [`env ${names.join(', ')} ${what}`] : [])
  return [...said(changed, 'changed'), ...said(added, 'added'), ...(more || !image ? [] : said(removed, 'removed'))]
}
