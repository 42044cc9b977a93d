import { factKind } from '../module/fact.ts'
import { raw } from '../module/shell.ts'

export interface DockerServer {
  /** There is a docker command. */
  readonly client: boolean
  /** Of the daemon that answered: '20.10.24', and that of its API, '1.41'. */
  readonly version?: string
  readonly api?: string
  /** Why no daemon answered, in docker's words. */
  readonly trouble?: string
}

const kind = factKind<null, DockerServer>({
  name: 'docker-server',
  script: () => raw(`if command -v docker >/dev/null; then printf 'found\\n'; docker version --format '{{json .Server}}' 2>&1; fi`),
  parse: (stdout) => {
    const [found, ...lines] = stdout.toString().trim().split('\n')
    if (found !== 'found') return [{ client: false }]
    const json = lines.find((line) => line.startsWith('{'))
    const server = json === undefined ? undefined : (JSON.parse(json) as { Version?: string; ApiVersion?: string })
    if (server) return [{ client: true, version: server.Version ?? '', api: server.ApiVersion ?? '' }]
    return [{ client: true, trouble: lines.find((line) => /\w/.test(line) && !/^(null|<no value>)$/.test(line)) ?? 'it did not answer' }]
  },
  isAbsent: (is) => is.version === undefined,
})

/** Whether there is a docker command and a daemon that answers it (docker-version(1)). */
export const dockerServer = () => kind(null)
