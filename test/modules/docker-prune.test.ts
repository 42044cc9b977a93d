import test from 'ava'
import type { Prunable } from '../../src/facts/docker-prunable.ts'
import type { Output, Plan } from '../../src/module/define.ts'
import { dockerPrune } from '../../src/modules/docker-prune.ts'
import { CONTAINER, DOWN, IMAGE, id, NO_DOCKER, SERVER } from './docker/inspected.ts'

const NOW = Date.parse('2026-03-01T00:00:00Z') / 1000
const ended = {
  ...CONTAINER,
  Id: 'e'.repeat(64),
  Name: '/ended',
  Image: id('b'),
  Created: '2026-02-28T00:00:00Z',
  State: { Status: 'exited', Running: false },
  Mounts: [{ Type: 'volume', Name: 'old', Destination: '/x' }],
}
const network = { Name: 'empty', Id: 'n', Driver: 'bridge', Labels: { keep: 'yes' } }
const volume = (Name: string, Labels: Record<string, string> = {}) => ({ Name, Driver: 'local', Labels })
const IS: Prunable = {
  containers: [CONTAINER, ended],
  images: [
    IMAGE,
    { Id: id('b'), RepoTags: ['old:1'], Created: '2026-01-01T00:00:00Z' },
    { Id: id('d'), RepoTags: [], Created: '2026-02-28T23:00:00Z' },
  ],
  dangling: [id('d')],
  networks: [network],
  volumes: [volume('vv'), volume('old'), volume('free'), volume('anon', { 'com.docker.volume.anonymous': '' })],
  cache: [
    { ID: 'p1', InUse: false, Shared: false, CacheType: 'regular' },
    { ID: 'p2', InUse: false, Shared: true, CacheType: 'regular' },
    { ID: 'p3', InUse: true, Shared: false, CacheType: 'regular' },
  ],
  now: NOW,
}

function summaries(params: object, server = SERVER, is = IS): string[] | string {
  const { changes, failure } = dockerPrune.plan(dockerPrune.params.parse(params), { server, prunable: is }, {}) as Plan
  return failure ?? changes.map((change) => change.summary)
}

const NEW = { ...SERVER, version: '29.0.0', api: '1.52' }
const CASES: [params: object, planned: string[], server?: typeof SERVER][] = [
  [{ containers: true }, ['prune 1 stopped container: ended']],
  [{ containers: true, containers_filters: { until: '48h' } }, []],
  [{ containers: true, containers_filters: { until: '23h30m' } }, ['prune 1 stopped container: ended']],
  [{ containers: true, containers_filters: { label: ['role=web', 'made.by'] } }, ['prune 1 stopped container: ended']],
  [{ containers: true, containers_filters: { 'label!': 'role' } }, []],
  [{ images: true }, ['prune 1 unused image: sha256:dddddddddddd']],
  [{ images: true, images_filters: { until: '2026-02-01T00:00:00Z' } }, []],
  [{ images: true, images_filters: { dangling: false } }, ['prune 1 unused image: sha256:dddddddddddd']],
  [
    { containers: true, images: true, images_filters: { dangling: false } },
    ['prune 1 stopped container: ended', 'prune 2 unused images: old:1, sha256:dddddddddddd'],
  ],
  [{ networks: true }, ['prune 1 unused network: empty']],
  [{ networks: true, networks_filters: { 'label!': 'keep=yes' } }, []],
  [{ volumes: true }, ['prune 2 unused volumes: free, anon']],
  [{ volumes: true }, ['prune 1 unused volume: anon'], NEW],
  [{ volumes: true, volumes_filters: { all: true } }, ['prune 2 unused volumes: free, anon'], NEW],
  [{ volumes: true, containers: true }, ['prune 1 stopped container: ended', 'prune 3 unused volumes: old, free, anon']],
  [{ builder_cache: true }, ['prune 1 piece of the build cache']],
  [{ builder_cache: true, builder_cache_all: true }, ['prune 2 pieces of the build cache']],
]
for (const [params, planned, server] of CASES)
  test(`${JSON.stringify(params)}${server ? ' of a new engine' : ''}: ${planned.join(', ') || 'nothing'}`, (t) => {
    t.deepEqual(summaries(params, server), planned)
  })

test('images are removed by their names, so that those in use keep theirs', (t) => {
  const want = dockerPrune.params.parse({ containers: true, images: true, images_filters: { dangling: false } })
  const { changes } = dockerPrune.plan(want, { server: SERVER, prunable: IS }, {}) as Plan
  const [step] = changes[1]!.steps
  t.true(step?.do === 'run' && step.script.text.includes(`docker image rm -- old:1 ${id('d')} && `))
})

test('after a dry run there is nothing left to prune', (t) => {
  const want = dockerPrune.params.parse({ containers: true, images: true, networks: true, volumes: true, builder_cache: true })
  const { changes } = dockerPrune.plan(want, { server: SERVER, prunable: IS }, {}) as Plan
  const after = changes
    .flatMap((change) => change.makes!)
    .filter(({ fact }) => fact.kind.name === 'docker-prunable')
    .reduce((is, { value }) => value(is) as Prunable, IS)
  t.deepEqual(dockerPrune.plan(want, { server: SERVER, prunable: after }, {}), { changes: [] })
})

test('without Docker there is nothing to prune; a silent daemon is no proof', (t) => {
  t.deepEqual(summaries({ volumes: true }, NO_DOCKER, { ...IS, containers: [], volumes: [] }), [])
  t.is(summaries({ volumes: true }, DOWN), `the Docker daemon cannot be asked: ${DOWN.trouble}`)
})

test('what was removed and how much it was, in Ansible’s words', (t) => {
  const output = (text: string): Output => ({ code: 0, stdout: Buffer.from(text), stderr: Buffer.alloc(0), start: 0, end: 0 })
  const result = (params: object, ...texts: string[]) =>
    dockerPrune.result!(dockerPrune.params.parse(params), { server: SERVER, prunable: IS }, texts.map(output), {})
  t.deepEqual(
    result(
      { containers: true, images: true, builder_cache: true },
      'mhprov: container\nDeleted Containers:\neeee\n\nTotal reclaimed space: 1.5kB\n',
      'mhprov: image\nDeleted Images:\nuntagged: old:1\ndeleted: sha256:bb\n\nTotal reclaimed space: 2.25MB\n',
      'mhprov: builder\nID\t\t\tRECLAIMABLE\tSIZE\tLAST ACCESSED\np1*   true  10B  now\nTotal:\t10B\n',
    ),
    {
      containers: ['eeee'],
      containers_space_reclaimed: 1500,
      images: ['old:1', 'sha256:bb'],
      images_space_reclaimed: 2_250_000,
      builder_cache_caches_deleted: ['p1'],
      builder_cache_space_reclaimed: 10,
    },
  )
  t.deepEqual(result({ networks: true }, 'mhprov: network\n'), { networks: [], changed: false })
})

test('something must be asked for, and filters must be foreseeable', (t) => {
  const refuse = (params: object) => dockerPrune.params.safeParse(params).error?.issues.map((issue) => issue.message)
  t.deepEqual(refuse({}), ['one of containers, images, networks, volumes, builder_cache must be true'])
  t.deepEqual(refuse({ images: true, images_filters: { before: 'x' } }), ['the filters are dangling, until, label, label!'])
  t.regex(refuse({ images: true, images_filters: { until: 'yesterday' } })![0]!, /^until is a duration/)
  t.deepEqual(refuse({ volumes: true, volumes_filters: { all: 'perhaps' } }), ['dangling and all are true or false'])
})
