import { certificate } from '../../facts/certificate.ts'
import { content } from '../../facts/content.ts'
import { creator } from '../../facts/creator.ts'
import { debPackage, isPresent, type Package } from '../../facts/package.ts'
import { lstat, stat } from '../../facts/stat.ts'
import { unit } from '../../facts/unit.ts'
import type { Answers, Change, ModuleResult, Output, Plan } from '../../module/define.ts'
import { changes, run } from '../../module/define.ts'
import { sh } from '../../module/shell.ts'
import { made } from '../files/ownership.ts'
import { willBe, willBeAbsent } from '../files/will-be.ts'
import { namesOf, readCertificate } from '../x509/due.ts'
import { explain } from './explain.ts'
import { directoriesOf, directoryFacts, type OwnFile, obsolete, ownFiles, privateDirectory, removal, writes } from './files.ts'
import { issue, runDeployHook } from './issue.ts'
import { type LetsencryptWant, nameOf, pathsOf, serverOf } from './params.ts'
import { daysLeft, isTrial, readRenewal, reasons, renewsItself, timerTrouble } from './renewal.ts'

/** What must be known. */
export const letsencryptFacts = (want: LetsencryptWant) => {
  const paths = pathsOf(want)
  const files = ownFiles({ ...want, state: 'absent' }, false)
  return {
    creator: creator(''),
    certbot: debPackage('certbot'),
    curl: debPackage('curl'),
    dig: debPackage('bind9-dnsutils'),
    cloudflare: debPackage('python3-certbot-dns-cloudflare'),
    apache: debPackage('python3-certbot-apache'),
    timer: unit('certbot.timer'),
    service: unit('certbot.service'),
    files: certificate({ path: paths.certificate, privatekey: paths.key }),
    live: lstat(paths.live),
    renewal: content(paths.renewal),
    bundle: stat(want.ca_bundle ?? '/etc/ssl/certs'),
    webroot: stat(want.webroot ?? '/'),
    undeployed: lstat(paths.undeployed),
    own: files.map(({ path }) => lstat(path)),
    contents: files.map(({ path }) => content(path)),
    directories: directoryFacts(want),
  }
}

type Known = Answers<ReturnType<typeof letsencryptFacts>>

/** What is missing on the host. */
function trouble(want: LetsencryptWant, is: Known): string | undefined {
  const needs = (name: string, has: Package, why: string): string | false => !isPresent(has) && `${why} (package ${name})`
  if (is.creator.uid !== 0) return 'certbot works as root: the task takes become: true'
  const { challenge } = want
  const found =
    needs('certbot', is.certbot, 'certbot is not installed on this host') ||
    (challenge === 'dns-hook' && needs('curl', is.curl, 'challenge dns-hook takes curl')) ||
    (challenge === 'dns-cloudflare' &&
      needs('python3-certbot-dns-cloudflare', is.cloudflare, "challenge dns-cloudflare takes certbot's plugin for it")) ||
    (want.apache && needs('python3-certbot-apache', is.apache, "apache: true takes certbot's plugin for it")) ||
    (want.resolver !== undefined && needs('bind9-dnsutils', is.dig, 'resolver is asked with dig')) ||
    (challenge === 'manual' && !isPresent(is.dig) && needs('curl', is.curl, 'challenge manual takes dig or curl to ask public DNS'))
  if (found) return found
  if (want.ca_bundle !== undefined && !is.bundle.exists) return `the ca_bundle ${want.ca_bundle} is not there`
  if (want.webroot !== undefined && !is.webroot.exists) return `the webroot ${want.webroot} is not there`
  return undefined
}

/** Decides. */
export function planLetsencrypt(want: LetsencryptWant, is: Known): Plan {
  const paths = pathsOf(want)
  const name = nameOf(want)
  const fails = (failure: string): Plan => ({ changes: [], failure })
  const renewal = is.renewal.bytes && readRenewal(is.renewal.bytes.toString())
  const found = readCertificate(is.files.pem)
  const { written, gone } = filesChanges(want, is)
  const removed = removals(want, gone)
  if (want.state === 'absent') {
    if (renewal && !isPresent(is.certbot))
      return fails('certbot, which removes its certificates, is not installed on this host (package certbot)')
    return { changes: changes(renewal && deletion(want), ...removed, is.directories[ownAt(want)]?.exists && emptied(paths.own)) }
  }
  const why = trouble(want, is)
  if (why !== undefined) return fails(why)
  if (is.live.exists && !renewal)
    return fails(`${paths.live} is there, but certbot does not know it (no ${paths.renewal}): move it away, and a certificate is made`)
  if (renewal && !found)
    return fails(`certbot's record ${paths.renewal} is there without its certificate: run certbot delete --cert-name ${name}`)
  const server = renewal?.get('server')
  if (renewal && isTrial(serverOf(want)) && !isTrial(server))
    return fails(`a certificate from ${server} is not replaced by one for trials: remove it first (state: absent)`)
  const due =
    found && renewal && reasons(want, { certificate: found, renewal, now: is.files.now, trouble: timerTrouble(is.timer, is.service) })
  if (due === undefined || due.length > 0) return { changes: [...written, ...issuing(want, is, due ?? [], gone)] }
  const itself = renewsItself(want, renewal as ReadonlyMap<string, string>)
  if (itself !== undefined)
    return { changes: [], message: `it renews itself by ${itself}, and is left so; force_renewal goes over to challenge manual` }
  const owed = is.undeployed.exists && want.deploy_hook !== ''
  return {
    changes: changes(
      ...written,
      ...removed,
      owed && { summary: `run the deploy hook, which is owed: ${want.deploy_hook}`, steps: [run(runDeployHook(want))], opaque: true },
    ),
  }
}

const ownAt = (want: LetsencryptWant): number => directoriesOf(want).indexOf(pathsOf(want).own)

const RELOAD = run(sh`systemctl daemon-reload`)

function filesChanges(want: LetsencryptWant, is: Known): { written: Change[]; gone: OwnFile[] } {
  const { own, dropIn } = pathsOf(want)
  const files = ownFiles(want, isPresent(is.dig))
  const found = files.map((_, i) => ({ is: is.own[i]!, content: is.contents[i]! }))
  const directories = new Map(directoriesOf(want).map((path, i) => [path, is.directories[i]!]))
  const written = writes(files, found, directories, own, is.creator).map((change) =>
    change.summary.includes(dropIn) ? { ...change, steps: [...change.steps, RELOAD] } : change,
  )
  const mine = want.state === 'present' ? privateDirectory(own, directories.get(own)!, is.creator) : []
  return { written: [...mine, ...written], gone: obsolete(files, found) }
}

const removals = (want: LetsencryptWant, gone: readonly OwnFile[]): Change[] =>
  gone.map((file) => {
    const change = removal(file)
    return file.path === pathsOf(want).dropIn ? { ...change, steps: [...change.steps, RELOAD] } : change
  })

/** The last step is that of certbot. What the certificate before needed goes only once there is a new one: until then the timer uses it. */
function issuing(want: LetsencryptWant, is: Known, due: readonly string[], gone: readonly OwnFile[]): Change[] {
  const { certificate: path, key } = pathsOf(want)
  const list = want.domains.join(', ')
  // certbot's names are links to the files of each generation
  const willBeThere = [willBe(path, made('file', 0o644, is.creator), is.creator), willBe(key, made('file', 0o600, is.creator), is.creator)]
  const issued = {
    summary:
      due.length === 0
        ? `get a certificate for ${list} by ${want.challenge} from ${serverOf(want)}`
        : `new certificate for ${list}: ${due.join('; ')}`,
    steps: [
      issue(
        want,
        gone.map((file) => file.path),
      ),
    ],
    makes: willBeThere.flat().filter(({ fact }) => fact.kind.name !== 'lstat'),
  }
  return [issued, ...gone.map((file) => removal(file, false))]
}

const deletion = (want: LetsencryptWant): Change => {
  const { certificate: path, key, live, renewal } = pathsOf(want)
  return {
    summary: `remove the certificate ${nameOf(want)}`,
    steps: [run(sh`certbot delete --non-interactive --cert-name ${nameOf(want)}`)],
    makes: [path, key, live, renewal].flatMap(willBeAbsent),
  }
}

const emptied = (path: string): Change => ({
  summary: `remove ${path}`,
  steps: [run(sh`rm -rf -- ${path}`)],
  makes: willBeAbsent(path),
})

/** The result's keys. */
export function letsencryptResult(want: LetsencryptWant, is: Known, outputs: readonly Output[]): ModuleResult {
  const paths = pathsOf(want)
  const found = want.state === 'present' ? readCertificate(is.files.pem) : undefined
  const last = outputs.at(-1)
  const manual = want.challenge === 'manual' && !(is.renewal.bytes && renewsItself(want, readRenewal(is.renewal.bytes.toString())))
  const renewedBy = manual ? 'the task itself, run in time' : (timerTrouble(is.timer, is.service) ?? 'certbot.timer')
  return {
    ...(last && last.code !== 0 && { failed: true, msg: explain(last.stdout.toString(), last.stderr.toString()) }),
    name: nameOf(want),
    state: want.state,
    ...(found && {
      certificate: paths.certificate,
      privatekey: paths.key,
      domains: namesOf(found).map((one) => one.replace(/^DNS:/, '')),
      issuer: found.issuer.replaceAll('\n', ', '),
      serial_number: found.serialNumber,
      not_after: new Date(found.validTo).toISOString(),
      days_left: daysLeft(found, is.files.now),
      fingerprint: found.fingerprint256,
      renewed_by: renewedBy,
    }),
  }
}
