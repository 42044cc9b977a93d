import test from 'ava'
import type { Ufw } from '../../src/facts/ufw.ts'
import type { Plan } from '../../src/module/define.ts'
import { address, hasPort, ports } from '../../src/modules/ufw/address.ts'
import { admits } from '../../src/modules/ufw/admits.ts'
import { parseRule, ruleLine } from '../../src/modules/ufw/rule.ts'
import { ufw } from '../../src/modules/ufw.ts'

const HOST: Ufw = {
  installed: true,
  readable: true,
  atBoot: false,
  running: false,
  ipv6: true,
  logging: 'low',
  policies: { incoming: 'deny', outgoing: 'allow', routed: 'deny' },
  rules: ['allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in'],
  rules6: ['allow tcp 22 ::/0 any ::/0 in'],
  profiles: { OpenSSH: '22/tcp', CIFS: '137,138/udp|139,445/tcp' },
}
const SSH = { client: '192.0.2.7', server: '192.0.2.1', port: 22, interface: 'eth0' }

const plan = (params: object, is: Ufw = HOST) => ufw.plan(ufw.params.parse(params), { is }, {}) as Plan
const commands = (params: object, is?: Ufw) =>
  plan(params, is).changes.flatMap(({ steps }) =>
    steps.map((step) => (step.do === 'run' ? /\{ (.*); \} >&2/.exec(step.script.text)?.[1] : '')),
  )

const CASES: [params: object, commands: string[]][] = [
  [{ rule: 'allow', to_port: 22, proto: 'tcp' }, []],
  [{ rule: 'allow', to_port: '22' }, ['ufw allow in from any to any port 22']],
  [{ rule: 'limit', to_port: 22, proto: 'tcp' }, ['ufw limit in proto tcp from any to any port 22']],
  [{ rule: 'allow', name: 'cifs', interface: 'lo', direction: 'out' }, ['ufw allow out on lo from any to any app CIFS']],
  [{ rule: 'deny', from_ip: '10.0.0.1', comment: 'a b', insert: 1 }, ["ufw insert 1 deny in from 10.0.0.1 to any comment 'a b'"]],
  [{ rule: 'deny', from_ip: '10.0.0.1', insert: 9 }, ['ufw deny in from 10.0.0.1 to any']],
  // a number of the other family is a place in the rule's own
  [{ rule: 'deny', from_ip: '10.0.0.1', insert: 2 }, ['ufw deny in from 10.0.0.1 to any']],
  [{ rule: 'deny', proto: 'igmp', insert: 2 }, ['ufw deny in proto igmp from any to any']],
  [{ rule: 'deny', from_ip: '2001:db8::1', insert: 1 }, ['ufw insert 2 deny in from 2001:db8::1 to any']],
  [{ rule: 'deny', from_ip: '2001:db8::1', insert: 2 }, ['ufw insert 2 deny in from 2001:db8::1 to any']],
  [
    { rule: 'deny', from_ip: '2001:db8::1', insert: -3, insert_relative_to: 'first-ipv6' },
    ['ufw insert 2 deny in from 2001:db8::1 to any'],
  ],
  [{ rule: 'deny', to_port: '7', insert: 2 }, ['ufw insert 2 deny in from any to any port 7']],
  [
    { rule: 'allow', route: true, interface_in: 'a', interface_out: 'b', log: true },
    ['ufw route allow in on a out on b log from any to any'],
  ],
  [{ rule: 'allow', to_port: 22, proto: 'tcp', delete: true }, ['ufw delete allow in proto tcp from any to any port 22']],
  [{ rule: 'deny', to_port: 22, proto: 'tcp', delete: true }, []],
  [{ rule: 'allow', to_port: 22, proto: 'tcp', delete: true, comment: 'other' }, ['ufw delete allow in proto tcp from any to any port 22']],
  [{ state: 'enabled', rule: 'allow', to_port: 80 }, ['ufw allow in from any to any port 80', 'ufw --force enable']],
  [{ state: 'disabled', default: 'allow', logging: 'on' }, ['ufw default allow incoming']],
]
for (const [params, planned] of CASES) test(`plans ${JSON.stringify(params)}`, (t) => t.deepEqual(commands(params), planned))

const BAD: [params: object, message: string][] = [
  [{}, 'one of state, default, rule and logging is required'],
  [{ rule: 'allow', to_port: 'ssh' }, 'expected ports by number: 80, "80,443" or "6000:6100"'],
  [{ rule: 'allow', to_port: '80,443' }, 'several ports need proto: tcp or udp'],
  [{ rule: 'allow', from_ip: '10.0.0.1', to_ip: '::1' }, 'source and destination are of different families'],
  [{ rule: 'allow', interface: 'eth0' }, 'direction is required with interface'],
  [{ rule: 'allow', comment: "it's" }, 'ufw takes no comment with an apostrophe or a line break'],
  [{ default: 'deny', direction: 'in' }, 'a default is for incoming, outgoing or routed'],
  [{ state: 'enabled', to_port: '22' }, 'rule is required'],
]
for (const [params, message] of BAD)
  test(`refuses ${JSON.stringify(params)}`, (t) => t.is(ufw.params.safeParse(params).error?.issues[0]?.message, message))

test('what may lock out is refused, what changes nothing about it is not', (t) => {
  const bare = { ...HOST, rules: [], rules6: [], ssh: SSH }
  t.regex(plan({ state: 'enabled' }, bare).failure!, /^this would lock you out: .* from 192\.0\.2\.7 to port 22\./)
  t.is(plan({ state: 'enabled', rule: 'allow', name: 'OpenSSH' }, bare).failure, undefined)
  t.is(plan({ state: 'enabled', default: 'allow' }, bare).failure, undefined)
  t.is(plan({ state: 'enabled' }, { ...HOST, ssh: SSH }).failure, undefined)
  t.is(plan({ rule: 'allow', to_port: '80' }, { ...bare, running: true }).failure, undefined)
  t.is(plan({ state: 'enabled' }, { ...HOST, rules: [], rules6: [] }).failure, undefined)
})

const DOORS: [rules: string[], rules6: string[], ssh: object, open: boolean][] = [
  [['deny any any 0.0.0.0/0 any 192.0.2.0/24 in', 'allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in'], [], {}, false],
  [['allow tcp 20:25 0.0.0.0/0 any 192.0.2.0/24 in'], [], {}, true],
  [['allow any any 0.0.0.0/0 any 0.0.0.0/0 in_eth1'], [], {}, false],
  [['limit any any 0.0.0.0/0 any 0.0.0.0/0 in_eth0'], [], {}, true],
  [['allow udp 22 0.0.0.0/0 any 0.0.0.0/0 in', 'route:allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in'], [], {}, false],
  [[], ['allow tcp 22 ::/0 any 2001:db8::/32 in'], { client: '2001:db8::7', server: '2001:db8::1' }, true],
  [['allow tcp 22 0.0.0.0/0 any 0.0.0.0/0 in'], [], { client: '::ffff:192.0.2.7' }, true],
  [[], [], { interface: 'lo' }, true],
]
for (const [rules, rules6, ssh, open] of DOORS)
  test(`${open ? 'admits' : 'shuts out'} ${JSON.stringify([rules, rules6, ssh])}`, (t) =>
    t.is(admits({ ...HOST, running: true, rules, rules6 }, { ...SSH, ...ssh }), open))

test('rules are read and written as ufw does', (t) => {
  for (const line of [
    'route:allow_log tcp 80 10.1.1.1 any 0.0.0.0/0 in_eth0!out_eth1',
    'allow tcp 80,443 ::/0 any ::/0 WWW%20Full - in comment=68c3a9',
  ])
    t.is(ruleLine(parseRule(line)!), line)
  t.is(parseRule('nonsense'), undefined)
})

test('addresses and ports are written as ufw does', (t) => {
  t.is(address('10.1.2.3/255.255.0.0')?.text, '10.1.0.0/16')
  t.is(address('192.0.2.1/32')?.text, '192.0.2.1')
  t.is(address('2001:DB8:0:0::1/64')?.text, '2001:db8::1/64')
  t.is(address('10.0.0.1/33'), undefined)
  t.is(ports('443,80,6000:7000,9'), '9,80,443,6000:7000')
  t.is(ports('7:6'), undefined)
  t.true(hasPort('9,6000:7000', 6500))
  t.false(hasPort('9,6000:7000', 22))
})
