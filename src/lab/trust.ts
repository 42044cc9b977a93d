import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { must } from './command.ts'

/**
 * A layer, as a tar, with which an image trusts certificate authorities besides its own: each lies in the directory that OpenSSL
 * searches, under the hash of its name. Source: openssl-verification-options(1ssl), -CApath.
 */
export async function trustLayer(authorities: readonly string[]): Promise<Buffer> {
  const dir = await mkdtemp(join(tmpdir(), 'mhprov-trust-'))
  try {
    const certificates = join(dir, 'tree/etc/ssl/certs')
    await mkdir(certificates, { recursive: true })
    const used = new Map<string, number>()
    for (const pem of authorities) {
      const hash = (await must(['openssl', 'x509', '-noout', '-subject_hash'], { stdin: pem })).trim()
      const count = used.get(hash) ?? 0
      used.set(hash, count + 1)
      await writeFile(join(certificates, `${hash}.${count}`), pem)
    }
    const layer = join(dir, 'layer.tar')
    const plain = ['--format=ustar', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0', '--mode=u=rwX,go=rX', '--sort=name']
    await must(['tar', '-C', join(dir, 'tree'), ...plain, '-cf', layer, 'etc'])
    return await readFile(layer)
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}
