import { z } from 'zod'
import { matrixAccount } from '../facts/matrix-account.ts'
import { matrixStep } from '../matrix/programs.ts'
import { defineModule } from '../module/define.ts'
import { bool, secret, text } from '../module/params.ts'
import { port, serverName } from './matrix/names.ts'

/** Matrix specification, appendices, "User Identifiers"; with the @, the colon and the server's name at most 255 bytes. */
const LONGEST_ID = 255

const params = z
  .strictObject({
    name: text()
      .refine((name) => /^[a-z0-9._=/+-]+$/.test(name), {
        error: 'expected the part before the colon, of a-z, 0-9 and . _ = / + - (alice, not @alice:example.com)',
      })
      .refine((name) => !name.startsWith('_'), { error: 'names that begin with _ are kept for bridges' })
      .describe('The account’s name, without @ and server.'),
    password: secret().describe('For a new account.'),
    admin: bool().default(false).describe('A new account is a server administrator.'),
    server_name: serverName().describe('The server’s name.'),
    registration_shared_secret: secret().describe('As in homeserver.yaml; accounts are made with it.'),
    http_port: port().default(8008).describe('Where Synapse listens on the host’s 127.0.0.1.'),
  })
  .refine((want) => Buffer.byteLength(`@${want.name}:${want.server_name}`) <= LONGEST_ID, {
    error: `a name with its server has ${LONGEST_ID} characters at most`,
    path: ['name'],
  })
type Want = z.output<typeof params>

const idOf = (want: Want) => `@${want.name}:${want.server_name}`

interface Made {
  readonly ok: boolean
  readonly detail?: string
  readonly hint?: string
  readonly errcode?: string
  readonly user_id?: string
}

/** Accounts of a Synapse, made by its shared-secret registration. */
export const matrixUser = defineModule({
  name: 'matrix_user',
  summary: 'Keep an account on a Matrix server.',
  notes: [
    'The controller registers the account itself, over a connection that the host opens to its own Synapse: registration may be closed, and the password is never in a process list.',
    'An account that is there is left alone: its owner may have changed the password. Whether it is an administrator cannot be seen without being one, so that is not changed either.',
    'Whether an account is there is asked with curl on the host, by its profile. Where profiles are hidden (require_auth_for_profile_requests) it cannot be told, and the task fails.',
    'There is no way to remove an account: Synapse keeps a deactivated one’s name for good.',
  ],
  params,
  examples: [
    {
      title: 'An administrator',
      params: {
        name: 'alice',
        password: '<%= alice_password %>',
        admin: true,
        server_name: 'example.com',
        registration_shared_secret: '<%= synapse_registration_secret %>',
      },
    },
  ],
  returns: { user_id: 'The whole name, @alice:example.com.', msg: 'What went wrong.' },
  facts: (want) => ({ is: matrixAccount({ id: idOf(want), port: want.http_port }) }),
  plan: (want, { is }) => {
    if (is === 'there') return []
    if (is === 'hidden')
      return {
        changes: [],
        failure: `whether ${idOf(want)} is there cannot be told: Synapse shows profiles to those who log in only (require_auth_for_profile_requests)`,
      }
    if (is === 'silent')
      return {
        changes: [],
        failure: `whether ${idOf(want)} is there cannot be told: Synapse does not answer on port ${want.http_port} of the host; is it running?`,
      }
    const { name, password, admin, server_name: serverName, http_port: httpPort, registration_shared_secret: secret } = want
    return [
      {
        summary: `create ${idOf(want)}${admin ? ' (admin)' : ''}`,
        steps: [matrixStep('register matrix account', { name, password, admin, serverName, httpPort, secret })],
        makes: [matrixAccount({ id: idOf(want), port: httpPort }).will('there')],
      },
    ]
  },
  result: (want, { is }, [output]) => {
    const user_id = idOf(want)
    const made = output && (JSON.parse(output.stdout.toString()) as Made)
    if (made?.ok && made.user_id !== undefined && made.user_id !== user_id)
      return { user_id: made.user_id, failed: true, msg: `Synapse has another server_name: it made ${made.user_id}, not ${user_id}` }
    if (!made || made.ok) return { user_id }
    // made by somebody else in between, or not to be seen before
    if (made.errcode === 'M_USER_IN_USE' && is !== 'none') return { user_id, changed: false }
    if (made.errcode === 'M_USER_IN_USE')
      return {
        user_id,
        changed: false,
        failed: true,
        msg: `${user_id} was deactivated: an administrator can reactivate it, or take another name`,
      }
    return { user_id, changed: false, failed: true, msg: [made.detail, made.hint].filter((one) => one !== undefined).join('\n') }
  },
})
