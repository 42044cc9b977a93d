import test from 'ava'
import type { Plan } from '../../src/module/define.ts'
import { dockerNetwork } from '../../src/modules/docker-network.ts'
import { CONTAINER, DOWN, NO_DOCKER, SERVER } from './docker/inspected.ts'

type Answers = Parameters<typeof dockerNetwork.plan>[1]

const NETWORK = {
  Name: 'net-a',
  Id: 'n'.repeat(64),
  Driver: 'bridge',
  EnableIPv6: false,
  Internal: false,
  Attachable: false,
  IPAM: { Driver: 'default', Config: [{ Subnet: '10.7.0.0/24', Gateway: '10.7.0.1' }] },
  Options: { mtu: '1400' },
  Labels: { a: 'b' },
  Containers: { [CONTAINER.Id]: { Name: 'web' } },
}
const IS: Answers = { server: SERVER, network: NETWORK, wanted: undefined, inside: [CONTAINER] }
const NONE: Answers = { ...IS, network: undefined, inside: [] }
const other = { ...CONTAINER, Name: '/db', NetworkSettings: { Networks: {} } }

const resting = (NetworkID: string) => ({
  ...CONTAINER,
  State: { Status: 'exited', Running: false },
  NetworkSettings: { Networks: { 'net-a': { NetworkID } } },
})

const plan = (params: object, is: Partial<Answers> = {}): Plan =>
  dockerNetwork.plan(dockerNetwork.params.parse({ name: 'net-a', ...params }), { ...IS, ...is }, {}) as Plan

const CASES: [title: string, params: object, is: Partial<Answers>, said: string[] | string][] = [
  ['creates', {}, NONE, ['create network net-a']],
  ['leaves', { ipam_config: [{ subnet: '10.7.0.0/24' }], driver_options: { mtu: '1400' }, labels: { a: 'b' }, internal: false }, {}, []],
  [
    'recreates for the subnet',
    { ipam_config: [{ subnet: '10.8.0.0/24' }] },
    {},
    ['recreate network net-a: ipam_config 10.7.0.0/24 → 10.8.0.0/24'],
  ],
  [
    'recreates for a gateway',
    { ipam_config: [{ subnet: '10.7.0.0/24', gateway: '10.7.0.9' }] },
    {},
    ['recreate network net-a: ipam_config gateway 10.7.0.1 → 10.7.0.9'],
  ],
  [
    'recreates for all that differs',
    { driver: 'macvlan', internal: true, attachable: true, enable_ipv6: true, labels: { a: 'c' }, driver_options: { mtu: '9000' } },
    {},
    [
      'recreate network net-a: driver bridge → macvlan, driver_options mtu: 1400 → 9000, internal false → true, attachable false → true, enable_ipv6 false → true, labels a: b → c',
    ],
  ],
  [
    'leaves the addresses that Docker chose for the other family',
    { enable_ipv6: true, ipam_config: [{ subnet: 'fd00:1::/64' }] },
    { network: { ...NETWORK, EnableIPv6: true, IPAM: { Config: [{ Subnet: 'fd00:1::/64' }, { Subnet: '172.18.0.0/16' }] } } },
    [],
  ],
  [
    'and those of IPv6',
    { ipam_config: [{ subnet: '10.7.0.0/24' }] },
    { network: { ...NETWORK, IPAM: { Config: [{ Subnet: '10.7.0.0/24' }, { Subnet: 'fd00:1::/64' }] } } },
    [],
  ],
  [
    'recreates for one subnet too many of a family that is named',
    { ipam_config: [{ subnet: '10.7.0.0/24' }] },
    { network: { ...NETWORK, IPAM: { Config: [{ Subnet: '10.7.0.0/24' }, { Subnet: '10.8.0.0/24' }] } } },
    ['recreate network net-a: ipam_config 10.8.0.0/24 → none'],
  ],
  [
    'connects anew what was stopped when it was recreated',
    { connected: ['web'] },
    { wanted: [resting('before')] },
    ['connect container web to network net-a'],
  ],
  ['leaves what is stopped in it', { connected: ['web'] }, { wanted: [resting(NETWORK.Id)] }, []],
  ['recreates when forced', { force: true }, {}, ['recreate network net-a: forced']],
  ['connects', { connected: ['web', 'db'] }, { wanted: [CONTAINER, other] }, ['connect container db to network net-a']],
  [
    'disconnects the others',
    { connected: ['db'] },
    { wanted: [other] },
    ['connect container db to network net-a', 'disconnect container web from network net-a'],
  ],
  ['leaves the others', { connected: ['db'], appends: true }, { wanted: [other] }, ['connect container db to network net-a']],
  ['misses a container', { connected: ['db'] }, { wanted: [undefined] }, 'there is no container db to connect'],
  ['removes', { state: 'absent' }, { network: { ...NETWORK, Containers: {} }, inside: [] }, ['remove network net-a']],
  ['does not remove what is in use', { state: 'absent' }, {}, 'the network net-a is in use by web: stop them, or give force'],
  ['removes it by force', { state: 'absent', force: true }, {}, ['remove network net-a']],
  ['leaves what is missing missing', { state: 'absent' }, NONE, []],
  ['without Docker there is nothing to remove', { state: 'absent' }, { ...NONE, server: NO_DOCKER }, []],
  ['a silent daemon is no proof', { state: 'absent' }, { ...NONE, server: DOWN }, `the Docker daemon cannot be asked: ${DOWN.trouble}`],
  ['a silent daemon is no proof of absence', {}, { ...NONE, server: DOWN }, `the Docker daemon cannot be asked: ${DOWN.trouble}`],
]
for (const [title, params, is, said] of CASES)
  test(title, (t) => {
    const { changes, failure } = plan(params, is)
    t.deepEqual(failure ?? changes.map((change) => change.summary), said)
  })

test('recreated with its containers, their aliases and addresses; the way back knows what it was made from', (t) => {
  const [step] = plan({ internal: true }).changes[0]!.steps
  const script = step?.do === 'run' ? step.script.text : ''
  t.is(
    script.slice(script.lastIndexOf('\ntry docker network disconnect') + 1),
    `try docker network disconnect -- net-a web
try docker network rm -- net-a
try docker network create --driver bridge --internal -- net-a
docker network connect --alias w1 --ip 10.7.0.9 -- net-a web 2>/dev/null || {
try docker network connect --alias w1 -- net-a web
printf '%s\\n' 'the fixed address of web could not be kept' >&2
}`,
  )
  t.true(
    script.includes(
      '\ndocker network create --driver bridge --opt mtu=1400 --subnet=10.7.0.0/24 --gateway=10.7.0.1 --ipv6=false --label a=b -- net-a >/dev/null || lost=2\n',
    ),
    script,
  )
  t.true(script.includes('\ninside web || docker network connect --alias w1 --ip 10.7.0.9 -- net-a web || lost=2\n'), script)
})
