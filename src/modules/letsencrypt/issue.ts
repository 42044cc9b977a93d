import { run, type Step } from '../../module/define.ts'
import { join, type Sh, sh } from '../../module/shell.ts'
import { environmentOf, type LetsencryptWant, nameOf, pathsOf, patience, serverOf } from './params.ts'

/** certbot's words for how names are proved (certbot(1)). */
function challengeWords(want: LetsencryptWant): string[] {
  const { hook, byHand, ini } = pathsOf(want)
  const hooks = (script: string) => [
    ...['--manual', '--preferred-challenges', 'dns'],
    ...['--manual-auth-hook', `${script} set`, '--manual-cleanup-hook', `${script} remove`],
  ]
  switch (want.challenge) {
    case 'dns-hook':
      return hooks(hook)
    case 'manual':
      return [...hooks(byHand), '--no-autorenew']
    case 'dns-cloudflare':
      return [
        ...['--dns-cloudflare', '--dns-cloudflare-credentials', ini],
        ...['--dns-cloudflare-propagation-seconds', String(patience(want))],
      ]
    case 'http':
      return want.apache ? ['--apache'] : ['--webroot', '--webroot-path', want.webroot!]
  }
}

const words = (want: LetsencryptWant): string[] => [
  ...['certbot', 'certonly', '--non-interactive', '--agree-tos', '--cert-name', nameOf(want)],
  ...want.domains.flatMap((domain) => ['--domain', domain]),
  ...['--server', serverOf(want), '--key-type', want.key_type],
  ...(want.email === undefined ? ['--register-unsafely-without-email'] : ['--email', want.email, '--no-eff-email']),
  ...['--renew-with-new-domains', '--force-renewal'],
  ...challengeWords(want),
]

/** Runs the deploy hook as certbot does at renewals. */
export const runDeployHook = (want: LetsencryptWant): Sh => {
  const { live, deploy } = pathsOf(want)
  return sh`RENEWED_LINEAGE=${live} RENEWED_DOMAINS=${want.domains.join(' ')} ${deploy}`
}

/**
 * One step that has certbot get a certificate, and puts it to use. Its output is what certbot and the hooks say as they go; on stderr
 * are the hooks' own words about what went wrong. `obsolete` are files to remove once it is there.
 */
export function issue(want: LetsencryptWant, obsolete: readonly string[]): Step {
  const exports = environmentOf(want).map(([name, value]) => sh`export ${name}=${value}`)
  const script = sh`(
umask 077
MHPROV_TALK=$(mktemp -d) || exit
export MHPROV_TALK
trap 'rm -rf -- "$MHPROV_TALK"' EXIT
trap 'exit 1' HUP INT TERM
: >"$MHPROV_TALK/progress" >"$MHPROV_TALK/error"
${join(exports, '\n')}
${words(want)} </dev/null >>"$MHPROV_TALK/progress" 2>&1 &
tail -s 0.2 -n +1 -f --pid="$!" -- "$MHPROV_TALK/progress"
wait "$!"
code=$?
if [ "$code" = 0 ]; then
  ${obsolete.length === 0 ? sh`:` : sh`rm -f -- ${obsolete}; systemctl daemon-reload`}
  ${want.deploy_hook === '' ? sh`:` : sh`${runDeployHook(want)} || { code=$?; echo "mhprov: the certificate is there, but it was not put to use: "${want.deploy_hook}" ended with $code" >&2; }`}
else
  cat -- "$MHPROV_TALK/error" >&2
fi
exit "$code"
)`
  return run(script, { live: true, anyExit: true })
}
