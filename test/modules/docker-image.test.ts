import test from 'ava'
import { dockerImage as fact, familiar } from '../../src/facts/docker-image.ts'
import type { Plan } from '../../src/module/define.ts'
import { dockerImage } from '../../src/modules/docker-image.ts'
import { DOWN, IMAGE, id, NO_DOCKER, SERVER } from './docker/inspected.ts'

type Answers = Parameters<typeof dockerImage.plan>[1]

const IS: Answers = { server: SERVER, image: IMAGE, other: undefined }
const NONE: Answers = { ...IS, image: undefined }

function scripts(params: object, is: Answers): string[] | string {
  const { changes, failure } = dockerImage.plan(dockerImage.params.parse({ name: 'box:1', ...params }), is, {}) as Plan
  // the first lines look for the command
  return failure ?? changes.flatMap(({ steps }) => steps.map((step) => (step.do === 'run' ? step.script.text.split('\n}\n')[1]! : '')))
}

const verdict = (name: string, now = "''") =>
  `if [ "$(docker image inspect --format '{{.Id}}' -- ${name})" = ${now} ]; then echo 'mhprov: still the same image'; else echo 'mhprov: a new image'; fi`

const CASES: [title: string, params: object, is: Answers, planned: string[] | string][] = [
  ['pulls what is missing', { source: 'pull' }, NONE, [`{ docker image pull  -- box:1; } && ${verdict('box:1')}`]],
  ['leaves what is there', { source: 'pull' }, IS, []],
  [
    'pulls it again when forced',
    { source: 'pull', force_source: true },
    IS,
    [`{ docker image pull  -- box:1; } && ${verdict('box:1', IMAGE.Id)}`],
  ],
  [
    'pulls for a platform, by digest; a tag beside it says nothing',
    { name: `box:2@${id('d')}`, source: 'pull', pull: { platform: 'linux/arm64' } },
    NONE,
    [`{ docker image pull --platform linux/arm64 -- box@${id('d')}; } && ${verdict(`box@${id('d')}`)}`],
  ],
  [
    'builds',
    {
      source: 'build',
      build: {
        path: '/srv/a b',
        dockerfile: 'D',
        args: { A: "it's" },
        pull: true,
        nocache: true,
        target: 'x',
        platform: 'p',
        network: 'host',
        rm: false,
      },
    },
    NONE,
    [
      `{ docker image build --tag box:1 --file '/srv/a b/D' '--build-arg=A=it'\\''s' --pull --no-cache --target x --platform p --network host --rm=false -- '/srv/a b'; } && ${verdict('box:1')}`,
    ],
  ],
  ['does not find a local image', { source: 'local' }, NONE, 'Cannot find the image box:1 locally'],
  ['gives a further name', { source: 'local', repository: 'r.example/box' }, IS, ['docker image tag box:1 r.example/box:1']],
  ['which is there', { source: 'local', repository: 'r.example/box' }, { ...IS, other: IMAGE }, []],
  ['which is another', { source: 'local', repository: 'r.example/box' }, { ...IS, other: { Id: id('e') } }, []],
  [
    'which is forced',
    { source: 'local', repository: 'box:3', force_tag: true },
    { ...IS, other: { Id: id('e') } },
    ['docker image tag box:1 box:3'],
  ],
  ['removes', { state: 'absent' }, IS, ['docker image rm  -- box:1']],
  ['removes by force', { state: 'absent', force_absent: true }, IS, ['docker image rm --force -- box:1']],
  ['leaves what is missing missing', { state: 'absent' }, NONE, []],
  ['without Docker there is nothing to remove', { state: 'absent' }, { ...NONE, server: NO_DOCKER }, []],
  ['a silent daemon is no proof', { state: 'absent' }, { ...NONE, server: DOWN }, `the Docker daemon cannot be asked: ${DOWN.trouble}`],
  [
    'a silent daemon is no proof of absence',
    { source: 'pull' },
    { ...NONE, server: DOWN },
    `the Docker daemon cannot be asked: ${DOWN.trouble}`,
  ],
]
for (const [title, params, is, planned] of CASES) test(title, (t) => t.deepEqual(scripts(params, is), planned))

test('references as Docker shows them', (t) => {
  t.is(familiar('docker.io/library/debian'), 'debian:latest')
  t.is(familiar('index.docker.io/matrixdotorg/synapse:v1'), 'matrixdotorg/synapse:v1')
  t.is(familiar('localhost:5000/app'), 'localhost:5000/app:latest')
  t.is(familiar(`r.example:5000/app:1@${id('d')}`), `r.example:5000/app@${id('d')}`)
  t.is(familiar(id('d')), id('d'))
})

test('many images are asked with one script, and each is found again', (t) => {
  const { kind } = fact('')
  const keys = ['box:1', 'missing', id('a'), `r.example/box@${id('d')}`, "it's"]
  t.is(kind.script(keys).text, `docker image inspect -- box:1 missing ${id('a')} r.example/box@${id('d')} 'it'\\''s'`)
  const pulled = { Id: id('b'), RepoTags: [], RepoDigests: [`r.example/box@${id('d')}`] }
  const answer = Buffer.from(`${JSON.stringify([IMAGE, IMAGE, pulled], null, 4)}\n`)
  t.deepEqual(
    kind.parse(answer, keys).map((image) => image?.Id),
    [id('a'), undefined, id('a'), id('b'), undefined],
  )
  t.deepEqual(kind.parse(Buffer.from('[]\n'), ['x']), [undefined])
  t.deepEqual(kind.parse(Buffer.alloc(0), ['x']), [undefined])
})

test('a dry run believes that the image will be there', (t) => {
  const { changes } = dockerImage.plan(dockerImage.params.parse({ name: 'box', source: 'pull' }), NONE, {}) as Plan
  const [made] = changes[0]!.makes!
  t.is(made!.fact.id, fact('box:latest').id)
  t.like(made!.value(undefined), { RepoTags: ['box:latest'] })
  t.is(made!.value(IMAGE), IMAGE)
})

test('bad values are refused with the way out', (t) => {
  const refuse = (params: object) =>
    dockerImage.params.safeParse({ name: 'box', ...params }).error?.issues.map((issue) => issue.message) ?? 'accepted'
  t.deepEqual(refuse({}), ['state present requires source'])
  t.deepEqual(refuse({ source: 'load' }), ['source load requires load_path'])
  t.deepEqual(refuse({ source: 'build' }), ['source build requires build'])
  t.regex(refuse({ source: 'pull', load_path: '/x' })[0]!, /saving an image to an archive is not supported/)
  t.deepEqual(refuse({ name: 'Box', source: 'pull' }), ['the repository of an image is written in lower case'])
  t.regex(refuse({ name: 'a b', source: 'pull' })[0]!, /^expected the name of an image/)
  t.regex(refuse({ tag: '-x', source: 'pull' })[0]!, /^expected a tag/)
  t.regex(refuse({ source: 'build', name: `box@${id('d')}`, build: { path: '/x' } })[0]!, /no digest yet/)
})
