import { randomUUID } from 'node:crypto'
import { certificateLife } from '../certificate.ts'
import { type Check, good } from '../check.ts'
import { describe, must, refusal } from '../client.ts'
import { fault } from '../fault.ts'

export const tls: Check = {
  id: 'tls',
  name: 'certificate',
  from: 'through Apache',
  needs: ['health'],
  run: async (_run, web) => {
    const life = await certificateLife(web.way, web.signal)
    if (!life.ok) return life
    const reply = await must(web, { path: '/_matrix/client/versions' }, 'asking for the versions')
    if (!reply.ok) return reply
    if (Array.isArray(reply.json?.versions)) return life
    return fault(
      `asking for the versions: ${describe(reply)}`,
      'another virtual host answers, or no ProxyPass leads to Synapse: check ServerName, and a2dissite what stands before it',
    )
  },
}

const NO_DECODE = 'AllowEncodedSlashes NoDecode'

const TWICE = 'nocanon is missing on the ProxyPass line: with it Apache hands the path on as it came'
// through Apache alone it arrives well
const NORMALISED = 'something before Apache changes the path: Normalize URLs to origin must be off (Cloudflare, Rules, Settings)'

export const encodedSlash: Check = {
  id: 'encoded_slash',
  name: 'encoded slashes',
  from: 'through Apache',
  needs: ['tls'],
  run: async ({ want }, web) => {
    const alias = `#mhprov/${randomUUID()}:${want.serverName}`
    const reply = await web.ask({ path: `/_matrix/client/v3/directory/room/${encodeURIComponent(alias)}` })
    if (!reply.ok) return reply
    const errcode = reply.json?.errcode
    const said = String(reply.json?.error ?? '')
    // Synapse repeats the alias as it understood it
    if (errcode === 'M_NOT_FOUND' && said.includes('%')) return fault('%2F arrives encoded twice', web.way.outside ? NORMALISED : TWICE)
    if (errcode === 'M_UNRECOGNIZED')
      return fault('M_UNRECOGNIZED', web.way.outside ? NORMALISED : `the proxy decodes %2F: ${NO_DECODE} and nocanon are missing`)
    // whatever else Synapse says of the alias: it was asked for one
    if (typeof errcode === 'string') return good('%2F stays %2F')
    if (reply.status === 404 && !web.way.outside)
      return fault('404 from Apache itself', `it refuses %2F: ${NO_DECODE} is missing in the virtual host of ${want.matrixHost}`)
    return refusal(web, reply, 'looking a room alias up')
  },
}

export const adminClosed: Check = {
  id: 'admin_closed',
  name: 'admin API closed',
  from: 'through Apache',
  needs: ['tls'],
  run: async (_run, web) => {
    const reply = await web.ask({ path: '/_synapse/admin/v1/server_version' })
    if (!reply.ok) return reply
    if (reply.status === 403 || reply.status === 404) return good(`refused (${reply.status})`)
    if (reply.status !== 200 || !reply.json)
      return fault(`/_synapse/admin/v1/server_version: ${describe(reply)}`, 'expected 403 or 404: what answers there instead?')
    return fault(
      '/_synapse/admin/v1/server_version answers',
      'anyone can try the admin API: proxy only /_matrix and /_synapse/client, not /_synapse or /',
    )
  },
}
