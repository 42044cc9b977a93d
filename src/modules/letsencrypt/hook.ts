import { raw, type Sh, sh } from '../../module/shell.ts'
import { type LetsencryptWant, pathsOf, patience } from './params.ts'

// Scripts that certbot runs as its manual plugin's hooks, with "set" before the authority looks and "remove" after it did. certbot gives
// CERTBOT_DOMAIN (without `*.`), CERTBOT_VALIDATION and CERTBOT_REMAINING_CHALLENGES (Certbot user guide, "Pre and post validation
// hooks"). It goes on when a hook fails, and keeps its words to itself until then: while a task waits, MHPROV_TALK is a directory where
// the hook says how it goes, and what went wrong.

const head = (what: string): Sh =>
  raw(`#!/bin/sh
# Managed by mhprov: ${what}
set -u
name=_acme-challenge.$CERTBOT_DOMAIN
value=$CERTBOT_VALIDATION
say() { [ -z "\${MHPROV_TALK:-}" ] || printf '%s\\n' "$1" >>"$MHPROV_TALK/progress"; }
give_up() {
  printf 'mhprov: %s\\n' "$1" >&2
  [ -z "\${MHPROV_TALK:-}" ] || printf '%s\\n' "$1" >>"$MHPROV_TALK/error"
  exit 1
}
`)

// Every server must show it; one that cannot be asked does not.
const WITH_DIG = raw(`shown() {
  for server in $servers; do
    dig +short +tries=1 +time=3 -p "$port" TXT "$name" "@$server" 2>/dev/null | grep -q -F -e "\\"$value\\"" || return 1
  done
}
`)

// JSON as of dns.google and 1.1.1.1; a question that was not answered is "not yet".
const WITH_HTTPS = raw(`shown() {
  for url in https://1.1.1.1/dns-query https://8.8.8.8/resolve; do
    curl -q -s -m 5 -H 'Accept: application/dns-json' "$url?name=$name&type=TXT" | grep -q -F -e "$value" || return 1
  done
}
`)

const AWAIT = raw(`# what nobody shows yet is asked for again, until the time is over
await() {
  end=$(($(date +%s) + wait))
  until shown; do
    [ "$(date +%s)" -lt "$end" ] || return 1
    sleep 2
  done
}
`)

const serverWords = (resolver: string | undefined, otherwise: string): Sh => {
  const [address, port = '53'] = (resolver ?? '').split(':')
  return sh`servers=${address || otherwise} port=${port}
`
}

const API = raw(`d=$(mktemp -d) || exit 1
trap 'rm -rf -- "$d"' EXIT
trap 'exit 1' HUP INT TERM

# call METHOD PATH WHAT-IT-TAKES [JSON]: the answer, on one line, is in $d/answer
call() {
  method=$1 path=$2 takes=$3
  shift 3
  [ $# -eq 0 ] || set -- --header 'Content-Type: application/json' --data "$1"
  : >"$d/body"
  status=$(curl -q --config "$token" -sS --max-time 20 --retry 4 --retry-all-errors --retry-max-time 60 \\
    --request "$method" "$@" --output "$d/body" --write-out '%{http_code}' -- "$api$path" 2>"$d/said") || status=none
  tr -d '\\n' <"$d/body" >"$d/answer"
  [ "$status" = 200 ] && return
  why=$(sed -n 's/.*"errors": *\\[ *{ *"code": *\\([0-9]*\\), *"message": *"\\([^"]*\\)".*/\\1 \\2/p' "$d/answer")
  case $status-$why in
    none-*) give_up "Cloudflare's API at $api does not answer ($(sed -n '$s/^curl: //p' "$d/said")): run it again later" ;;
    4*-81057*|4*-81058*) ;; # it is there already: an answer got lost
    404-81044*) ;; # it is gone already
    429-*) give_up "Cloudflare's API asks for patience (HTTP 429\${why:+, $why}): run it again in some minutes" ;;
    5*) give_up "Cloudflare's API is in trouble (HTTP $status\${why:+, $why}): run it again later" ;;
    *-6003\\ *|*-6111\\ *|*-1000\\ *|*[Ii]nvalid*token*) give_up "Cloudflare does not know the API token (HTTP $status, $why): make one with Zone → DNS: Edit and Zone → Zone: Read for the domain, and give it as api_token" ;;
    401-*|403-*) give_up "the API token may not do this at Cloudflare (HTTP $status\${why:+, $why}): it takes $takes for the domain of $CERTBOT_DOMAIN" ;;
    *) give_up "Cloudflare refused $method $path (HTTP $status\${why:+, $why})" ;;
  esac
}

# the zone that a name is in: the longest of its endings that the token sees
find_zone() {
  zone_name=$1
  while case $zone_name in *.*) true ;; *) false ;; esac; do
    call GET "/zones?name=$zone_name" 'Zone → Zone: Read'
    zone=$(sed -n 's/.*"result": *\\[ *{ *"id": *"\\([0-9a-f]\\{32\\}\\)".*/\\1/p' "$d/answer")
    [ -z "$zone" ] || return 0
    zone_name=\${zone_name#*.}
  done
  give_up "no domain that the API token sees at Cloudflare holds $1: the token must be for that domain (Zone → Zone: Read)"
}

# exactly the records of a name that hold a value: one object a line, then its id
remove() {
  find_zone "\${1#_acme-challenge.}"
  call GET "/zones/$zone/dns_records?type=TXT&name=$1&per_page=50" 'Zone → DNS: Read'
  sed 's/}, *{/}\\n{/g' "$d/answer" | grep -F -e "$2" | sed -n 's/.*"id": *"\\([0-9a-f]\\{32\\}\\)".*/\\1/p' >"$d/ids"
  while read -r id; do
    call DELETE "/zones/$zone/dns_records/$id" 'Zone → DNS: Edit'
  done <"$d/ids"
}

case $1 in
  set)
    find_zone "$CERTBOT_DOMAIN"
    # what was begun is written down first: whatever happens, a later "remove" finds it
    printf '%s %s\\n' "$name" "$value" >>"$begun"
    say "setting TXT $name to $value in the domain $zone_name at Cloudflare"
    call POST "/zones/$zone/dns_records" 'Zone → DNS: Edit' \\
      "{\\"type\\":\\"TXT\\",\\"name\\":\\"$name\\",\\"content\\":\\"\\\\\\"$value\\\\\\"\\",\\"ttl\\":60,\\"comment\\":\\"managed by mhprov\\"}"
    if command -v dig >/dev/null; then
      servers=\${servers:-$(dig +short +tries=2 +time=3 NS "$zone_name" 2>/dev/null | sed 's/\\.$//')}
      if [ -n "$servers" ]; then
        await || say "DNS did not show the record within $wait s: going on"
        exit 0
      fi
    fi
    # one wait for all names
    [ "\${CERTBOT_REMAINING_CHALLENGES:-0}" != 0 ] || sleep "$wait"
    ;;
  remove)
    [ -s "$begun" ] || exit 0
    cp -- "$begun" "$d/begun"
    while read -r one two; do
      remove "$one" "$two"
      grep -v -x -F -e "$one $two" "$begun" >"$d/left"
      cat "$d/left" >"$begun"
      say "removed TXT $one"
    done <"$d/begun"
    rm -f -- "$begun"
    ;;
esac
`)

const BY_HAND = raw(`case $1 in
  set)
    say "set the TXT record $name to $value (keep others of that name); waiting up to $wait s for public DNS to show it"
    await || give_up "public DNS did not show the TXT record $name with the value $value within $wait s: run it again, which gives a new value"
    say "public DNS shows it"
    ;;
  remove) say "the TXT record $name can be removed again" ;;
esac
`)

/** The hook that sets and removes TXT records through Cloudflare's API: curl reads the token from its file itself. */
export function cloudflareHook(want: LetsencryptWant): string {
  const { token, own } = pathsOf(want)
  return sh`${head('the TXT records that prove names to the certificate authority, through the API of Cloudflare.')}api=${want.api_url.replace(/\/+$/, '')} token=${token} begun=${`${own}/begun`} wait=${patience(want)}
${serverWords(want.resolver, '')}${WITH_DIG}${AWAIT}${API}`.text
}

/** The hook that shows a TXT record and waits until it is there. `dig` is whether the host has it. */
export const byHandHook = (want: LetsencryptWant, dig: boolean): string =>
  sh`${head('waits until a TXT record is there that proves a name to the certificate authority.')}wait=${patience(want)}
${serverWords(want.resolver, '1.1.1.1 8.8.8.8')}${dig ? WITH_DIG : WITH_HTTPS}${AWAIT}${BY_HAND}`.text

/** What follows a new certificate. certbot runs it at each renewal, of any certificate; how far it came outlives a failure. */
export function deployHook(want: LetsencryptWant): string {
  const { own, live, undeployed } = pathsOf(want)
  return sh`#!/bin/sh
# Managed by mhprov: what follows a new certificate.
[ "$RENEWED_LINEAGE" = ${live} ] || exit 0
(umask 077; mkdir -p ${own} && : >${undeployed}) || exit
sh -c ${want.deploy_hook} || exit
rm -f -- ${undeployed}
`.text
}
