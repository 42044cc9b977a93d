import { createPublicKey } from 'node:crypto'
import { type CertificateFiles, certificate } from '../../facts/certificate.ts'
import { type Creator, creator } from '../../facts/creator.ts'
import { type Stat, stat } from '../../facts/stat.ts'
import { type Change, changes, type ModuleResult, type Plan, run } from '../../module/define.ts'
import { operand, parent } from '../../module/host-path.ts'
import { sh } from '../../module/shell.ts'
import { differences, made, pathResult, type WantedAttributes, withAttributes } from '../files/ownership.ts'
import { changeAttributes } from '../files/place-file.ts'
import { willBe, willBeAbsent } from '../files/will-be.ts'
import { certificateDue, keyDue, namesOf, readCertificate, seconds } from './due.ts'
import { issue } from './issue.ts'
import { type CertificateWant, wantedCommonName, wantedNames } from './params.ts'

/** What must be known. */
export const certificateFacts = (want: CertificateWant) => ({
  is: certificate({ path: want.path, privatekey: want.privatekey_path }),
  file: stat(want.path),
  keyFile: stat(want.privatekey_path),
  directory: stat(parent(want.path)),
  keyDirectory: stat(parent(want.privatekey_path)),
  creator: creator(''),
})

interface Known {
  readonly is: CertificateFiles
  readonly file: Stat
  readonly keyFile: Stat
  readonly directory: Stat
  readonly keyDirectory: Stat
  readonly creator: Creator
}

/** Decides. */
export function planCertificate(want: CertificateWant, known: Known): Plan {
  const { is, file } = known
  const fails = (failure: string): Plan => ({ changes: [], failure })
  if (file.exists && file.type !== 'file') return fails(`${want.path} is not a regular file`)
  if (want.state === 'absent') return { changes: file.exists ? [removal(want)] : [] }
  if (!is.openssl) return fails('there is no openssl on this host (package openssl)')
  for (const [path, directory] of [
    [parent(want.path), known.directory],
    [parent(want.privatekey_path), known.keyDirectory],
  ] as const)
    if (!(directory.exists && directory.type === 'directory')) return fails(`the directory ${path} does not exist`)
  if (
    is.keyExists &&
    is.publicKey === undefined &&
    known.creator.uid !== 0 &&
    known.keyFile.exists &&
    known.keyFile.uid !== known.creator.uid
  )
    return fails(`${want.privatekey_path} may not be read: the task needs become`)
  if (is.keyExists && is.publicKey === undefined)
    return fails(
      `${want.privatekey_path} holds no private key that openssl can read without a passphrase: remove it, and a new one is made`,
    )
  const found = readCertificate(is.pem)
  if (file.exists && file.size > 0 && !found)
    return fails(`${want.path} ${is.pem === undefined ? 'is not readable' : 'holds no certificate'}: remove it, and a new one is made`)
  const newKey = keyDue(want, is)
  const key = settled(ownKey(want), newKey === undefined ? known.keyFile : closed(known), known.creator)
  // a mode in words is on top of what is there
  if ((key.becomes.mode & 0o007) !== 0)
    return fails(`${want.privatekey_path} would be open to everyone: give privatekey_mode in digits, such as "0600"`)
  const reasons = found ? certificateDue(want, is, found) : []
  const due = !found || newKey !== undefined || reasons.length > 0
  return {
    changes: changes(
      due && issuing(want, known, { key, newKey, reasons }),
      !due && attributes(want.path, ownCertificate(want), known.file, known.creator),
      newKey === undefined && attributes(want.privatekey_path, ownKey(want), known.keyFile, known.creator),
    ),
  }
}

const ownCertificate = (want: CertificateWant): WantedAttributes => ({ mode: want.mode, owner: want.owner, group: want.group })

const ownKey = (want: CertificateWant): WantedAttributes => ({
  mode: want.privatekey_mode,
  owner: want.privatekey_owner,
  group: want.privatekey_group,
})

/** A new key is made closed to all others, whatever the umask. */
const closed = ({ creator, keyFile }: Known): Stat => (keyFile.exists ? { ...keyFile, mode: 0o600 } : made('file', 0o600, creator))

const settled = (wanted: WantedAttributes, is: Stat, by: Creator) => {
  const base = is.exists ? is : made('file', 0o666 & ~by.umask, by)
  const set = differences(wanted, base, { type: 'file', umask: by.umask })
  return { set, becomes: withAttributes(set, base) }
}

function attributes(path: string, wanted: WantedAttributes, is: Stat, by: Creator): Change | undefined {
  const { set, becomes } = settled(wanted, is, by)
  if (!set) return undefined
  const change = changeAttributes(path, is, set, becomes)
  return { ...change, summary: `${path}: ${change.summary}` }
}

interface Due {
  /** How the key is to be, and why it is made anew when it is. */
  readonly key: ReturnType<typeof settled>
  readonly newKey: string | undefined
  readonly reasons: readonly string[]
}

function issuing(want: CertificateWant, { is, file, creator }: Known, { key, newKey, reasons }: Due): Change {
  const certificate = settled(ownCertificate(want), file, creator)
  const rsa = newKey === undefined ? createPublicKey(is.publicKey!).asymmetricKeyType === 'rsa' : want.key_type === 'RSA'
  const why = [...reasons, ...(newKey !== undefined && (is.keyExists || file.exists) ? [newKey] : [])]
  const what = newKey === undefined ? 'certificate' : 'private key and certificate'
  return {
    summary:
      why.length === 0
        ? `make a ${what} for ${wantedCommonName(want)}, ${want.selfsigned_not_after} days`
        : `new ${what}: ${why.join('; ')}`,
    steps: [
      issue(
        want,
        { path: want.path, set: certificate.set, mode: certificate.becomes.mode },
        { path: want.privatekey_path, set: key.set, mode: key.becomes.mode },
        { newKey: newKey !== undefined, rsa },
      ),
    ],
    makes: [
      ...willBe(want.path, certificate.becomes, creator),
      ...(newKey === undefined ? [] : willBe(want.privatekey_path, key.becomes, creator)),
    ],
    diff: {
      before: reasons.length === 0 ? '' : `${reasons.join('\n')}\n`,
      after: `${wantedCommonName(want)}\n${wantedNames(want).join(', ')}\n`,
    },
  }
}

const removal = (want: CertificateWant): Change => ({
  summary: `remove the certificate ${want.path}`,
  steps: [run(sh`rm -f -- ${operand(want.path)}`)],
  makes: [
    ...willBeAbsent(want.path),
    certificate({ path: want.path, privatekey: want.privatekey_path }).will(({ pem: _, ...before }) => before),
  ],
})

/** A time as Ansible's results have it: ASN.1's GeneralizedTime. */
const asn1 = (date: string): string => new Date(seconds(date) * 1000).toISOString().replace(/[-:T]|\.\d+/g, '')

/** The result's keys. */
export function certificateResult(want: CertificateWant, { is, file }: Pick<Known, 'is' | 'file'>): ModuleResult {
  const found = want.state === 'present' ? readCertificate(is.pem) : undefined
  return {
    ...(file.exists && pathResult(file)),
    filename: want.path,
    privatekey: want.privatekey_path,
    ...(found && {
      notBefore: asn1(found.validFrom),
      notAfter: asn1(found.validTo),
      subject_alt_name: namesOf(found),
      fingerprint: found.fingerprint256,
    }),
    state: want.state,
  }
}
