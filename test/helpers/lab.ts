import type { TestFn } from 'ava'
import { type Lab, type LabHost, openLab, type Suite } from '../../src/lab/lab.ts'
import { installPackages, missingPackages } from '../../src/lab/requirements.ts'

export interface TestLabOptions {
  /** Its hosts can `docker pull matrixdotorg/synapse` (and no other image). */
  synapse?: boolean
  /** It has Cloudflare's edge, and its hosts can pull cloudflared too. */
  edge?: boolean
}

/** Opens a lab, installing what it needs; where that cannot be, an Error of one line: never a silent skip. */
export async function testLab(
  suite: Suite = 'bookworm',
  say: (line: string) => void = () => {},
  { synapse = false, edge = false }: TestLabOptions = {},
): Promise<Lab> {
  try {
    if (process.env.MHPROV_NO_LAB === '1') throw new Error('MHPROV_NO_LAB is set')
    const missing = missingPackages()
    if (missing.length > 0 && process.getuid?.() === 0) await installPackages(missing, say)
    const images = [...(synapse ? ['matrixdotorg/synapse'] : []), ...(edge ? ['cloudflare/cloudflared'] : [])]
    return await openLab({ suite, say, images, ...(edge && { edge: {} }) })
  } catch (error) {
    throw new Error(`real-host tests cannot run here: ${error instanceof Error ? error.message : error}`)
  }
}

/**
 * One real host shared by the tests of a file, booted before the first and gone after the last:
 * `const host = labHost(test)`, then in a test `await host().run('…')`.
 */
export function labHost<Context>(test: TestFn<Context>, suite?: Suite, options?: TestLabOptions): () => LabHost {
  let lab: Lab | undefined
  let host: LabHost | undefined
  test.before('boots a lab host', async (t) => {
    t.timeout(options?.synapse ? 600_000 : 300_000)
    lab = await testLab(suite, (line) => t.log(line), options)
    host = await lab.host()
  })
  test.after.always('destroys the lab', async () => lab?.destroy())
  return () => {
    if (!host) throw new Error('the lab host is there only inside a test')
    return host
  }
}
