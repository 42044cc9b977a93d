import { randomBytes } from 'node:crypto'
import { type Check, good, type Run } from '../check.ts'
import { type Client, must, refusal } from '../client.ts'
import { type Fault, fault } from '../fault.ts'

const SMALL = 1000
// through Apache alone it went well
const EDGE_LIMIT = 'what stands before Apache takes less (Cloudflare 100 MB, by plan): set max_upload_size below that'
const UPLOAD = '/_matrix/media/v3/upload?filename=mhprov'

export const media: Check = {
  id: 'media',
  name: 'media',
  from: 'through Apache',
  needs: ['tls', 'register'],
  run: async (run, web) => {
    for (const size of [SMALL, run.want.uploadSize]) {
      const problem = await thereAndBack(run, web, size)
      if (problem) return problem
    }
    const { maxUploadSize } = run.want
    const sizes = `${bytes(SMALL)} and ${bytes(run.want.uploadSize)} come back`
    if (maxUploadSize === undefined) return good(sizes)
    const problem = await tooLarge(run, web, maxUploadSize + 1)
    return problem ?? good(`${sizes}; more than ${bytes(maxUploadSize)} refused`)
  },
}

async function thereAndBack(run: Run, web: Client, size: number): Promise<Fault | undefined> {
  const { token } = run.user!
  const content = randomBytes(size)
  const up = await must(web, { path: UPLOAD, token, bytes: content, within: time(size) }, `uploading ${bytes(size)}`, {
    '413': web.way.outside ? EDGE_LIMIT : 'max_upload_size in homeserver.yaml, or a LimitRequestBody of Apache, is smaller than that',
  })
  if (!up.ok) return up
  run.uploaded = true
  const [, server, id] = /^mxc:\/\/([^/]+)\/(.+)$/.exec(String(up.json?.content_uri)) ?? []
  if (!server || !id) return fault('uploading: the answer holds no content_uri')
  const path = `/_matrix/client/v1/media/download/${encodeURIComponent(server)}/${encodeURIComponent(id)}`
  const down = await must(web, { path, token, within: time(size) }, `downloading ${bytes(size)}`)
  if (!down.ok) return down
  return down.bytes.equals(content) ? undefined : fault(`${bytes(size)} came back as ${bytes(down.bytes.length)} that are not the same`)
}

// Synapse, synapse/app/_base.py, max_request_body_size: what is larger is not answered, the connection is closed
const CUT_OFF = 200 * 65_536

/** A limit that is not kept is one that Cloudflare, or the disk, sets instead. */
async function tooLarge(run: Run, web: Client, size: number): Promise<Fault | undefined> {
  const reply = await web.ask({ path: UPLOAD, token: run.user!.token, bytes: Buffer.alloc(size), within: time(size) })
  if (!reply.ok) return { ...reply, detail: `uploading ${bytes(size)}: ${reply.detail}` }
  if (reply.json?.errcode === 'M_TOO_LARGE' || (reply.status === 502 && size > CUT_OFF)) return undefined
  if (reply.status === 200) return fault(`${bytes(size)} are taken`, 'max_upload_size in homeserver.yaml is larger than the one given here')
  return refusal(web, reply, `uploading ${bytes(size)}`, {
    '413': web.way.outside ? EDGE_LIMIT : 'Apache refuses it before Synapse can: raise LimitRequestBody above max_upload_size',
  })
}

/** Seconds; a slow line takes a megabyte in eight. */
const time = (size: number): number => 30 + size / 125_000

export const bytes = (size: number): string =>
  size < 1024 ? `${size} B` : size < 1024 * 1024 ? `${trim(size / 1024)} KiB` : `${trim(size / 1024 / 1024)} MiB`
const trim = (value: number): string => value.toFixed(1).replace(/\.0$/, '')
