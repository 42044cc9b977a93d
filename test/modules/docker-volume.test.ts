import test from 'ava'
import type { Plan } from '../../src/module/define.ts'
import { dockerVolume } from '../../src/modules/docker-volume.ts'
import { DOWN, NO_DOCKER, SERVER } from './docker/inspected.ts'

const VOLUME = { Name: 'data', Driver: 'local', Options: { type: 'ext4' }, Labels: { a: 'b' } }
const IS = { server: SERVER, volume: VOLUME, users: [] as string[] }
const NONE = { ...IS, volume: undefined }

const plan = (params: object, is: Partial<typeof IS | typeof NONE> & object = {}): Plan =>
  dockerVolume.plan(dockerVolume.params.parse({ volume_name: 'data', ...params }), { ...IS, ...is }, {}) as Plan

const CASES: [title: string, params: object, is: object, said: string[] | string][] = [
  ['creates', {}, NONE, ['create volume data']],
  ['leaves', { driver_options: { type: 'ext4' }, labels: { a: 'b' } }, {}, []],
  [
    'recreates for options',
    { driver_options: { type: 'xfs' }, recreate: 'options-changed' },
    {},
    ['recreate volume data, losing what is in it: driver_options type: ext4 → xfs'],
  ],
  [
    'recreates for the driver',
    { driver: 'x', recreate: 'options-changed' },
    {},
    ['recreate volume data, losing what is in it: driver: local → x'],
  ],
  ['recreates only what differs', { recreate: 'options-changed' }, {}, []],
  ['recreates always', { recreate: 'always' }, {}, ['recreate volume data, losing what is in it: always']],
  [
    'does not recreate what is in use',
    { recreate: 'always' },
    { users: ['a', 'b'] },
    'the volume data is in use: remove the containers a, b first',
  ],
  ['removes', { state: 'absent' }, {}, ['remove volume data']],
  ['does not remove what is in use', { state: 'absent' }, { users: ['a'] }, 'the volume data is in use: remove the container a first'],
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

test('one that differs and is never recreated is told of', (t) => {
  t.is(plan({ labels: { a: 'c' } }).message, 'the volume data is left as it is (recreate: never), it differs: labels a: b → c')
})

test('every word is quoted on its way to docker', (t) => {
  const [step] = plan({ driver_options: { o: "it's" }, labels: { 'a b': '$x' } }, NONE).changes[0]!.steps
  t.true(
    step?.do === 'run' &&
      step.script.text.endsWith(`docker volume create --driver local --opt 'o=it'\\''s' --label 'a b=$x' -- data >/dev/null`),
  )
})
