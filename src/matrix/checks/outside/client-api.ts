import { type Check, good } from '../../check.ts'
import { describe, must } from '../../client.ts'
import { fault } from '../../fault.ts'
import { ORIGIN } from './well-known.ts'

export const publicClientApi: Check = {
  id: 'public_client_api',
  name: 'public client API',
  from: 'outside',
  needs: ['versions', 'tunnel', 'reach_matrix_host'],
  run: async (_run, web) => {
    const versions = await must(web, { path: '/_matrix/client/versions', headers: ORIGIN }, 'asking for the versions')
    if (!versions.ok) return versions
    if (!Array.isArray(versions.json?.versions))
      return fault(`asking for the versions: ${describe(versions)}`, 'another site answers under this name: where does the tunnel lead it?')
    const login = await must(web, { path: '/_matrix/client/v3/login', headers: ORIGIN }, 'asking for the ways to log in')
    if (!login.ok) return login
    const flows = Array.isArray(login.json?.flows) ? (login.json.flows as { type?: unknown }[]).map(({ type }) => String(type)) : []
    if (flows.includes('m.login.password')) return good('answers, login with a password')
    return fault(
      `no login with a password: ${flows.join(', ') || 'none'}`,
      'is password_config.enabled false in homeserver.yaml, or a Matrix Authentication Service in front?',
    )
  },
}
