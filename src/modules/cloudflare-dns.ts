import { type Change, defineModule, type Plan } from '../module/define.ts'
import { plainContent } from './cloudflare/dns-content.ts'
import { dnsParams } from './cloudflare/dns-params.ts'
import { absent, dnsFact, fullName, present } from './cloudflare/dns-plan.ts'
import { MARK, refuse, unseen } from './cloudflare/params.ts'

/** DNS records at Cloudflare. */
export const cloudflareDns = defineModule({
  name: 'cloudflare_dns',
  summary: 'Keep a DNS record of a domain at Cloudflare.',
  notes: [
    'Works from the controller: nothing is asked of the host, and the API token never reaches it.',
    'The token takes Zone → DNS: Edit and Zone → Zone: Read for the domain.',
    `A record made here has "${MARK}" in its comment. One of the same name without it is taken over when it holds what is wanted; otherwise it is left alone and the task fails, unless \`adopt\`.`,
    'Different from Ansible: only the types A, AAAA, CNAME and TXT; `solo` also replaces addresses in the way of a CNAME (and the reverse), and never what was not made here.',
    'A proxied name more than one level below the domain has no certificate on the free plan.',
  ],
  params: dnsParams,
  examples: [
    {
      title: 'A name that leads to a tunnel',
      params: {
        zone: 'example.com',
        record: 'matrix',
        type: 'CNAME',
        value: '<%= tunnel.cname %>',
        proxied: true,
        api_token: '<%= cloudflare_api_token %>',
      },
    },
    {
      title: 'The domain itself, for the routes of a Worker',
      params: { zone: 'example.com', record: '@', type: 'AAAA', value: '100::', proxied: true, api_token: '<%= cloudflare_api_token %>' },
    },
    {
      title: 'A text record is gone',
      params: {
        zone: 'example.com',
        record: '_acme-challenge.matrix',
        type: 'TXT',
        state: 'absent',
        api_token: '<%= cloudflare_api_token %>',
      },
    },
  ],
  returns: { record: 'The record, as the API has it: id, name, type, content, proxied, ttl, comment.', zone_id: 'Of the zone.' },
  controller: true,
  facts: (want) => ({ name: dnsFact(want) }),
  plan: (want, { name }): Plan | Change[] => {
    if (!name.ok) return refuse(name.why)
    return want.state === 'absent' ? absent(want, name.value) : present(want, name.value)
  },
  result: (want, { name }) => {
    if (!name.ok) return unseen(name.why)
    if (want.state === 'absent') return { name: fullName(want), state: want.state }
    const record = name.value.records.find(
      (one) => one.type === want.type && plainContent(one.type, one.content) === plainContent(want.type, want.value!),
    )
    return { name: fullName(want), state: want.state, zone_id: name.value.zone, ...(record && { record }) }
  },
})
