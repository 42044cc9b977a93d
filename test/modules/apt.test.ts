import test from 'ava'
import type { Package } from '../../src/facts/package.ts'
import { packagesMatching } from '../../src/facts/package-glob.ts'
import type { Change, Output, Plan } from '../../src/module/define.ts'
import type { AptAnswers } from '../../src/modules/apt/facts.ts'
import { parseSpec } from '../../src/modules/apt/spec.ts'
import { compareVersions } from '../../src/modules/apt/version.ts'
import { apt } from '../../src/modules/apt.ts'
import { shell } from '../helpers/settle.ts'

const PKG = { state: 'installed', held: false, auto: false, providers: [] } as const
const NONE = { state: 'not-installed', held: false, auto: false, providers: [] } as const
const offer = (...versions: string[]) => ({ known: true, version: versions[0]!, versions, providers: [] })
const UNKNOWN = { known: false, versions: [], providers: [] }

const HOST: AptAnswers = {
  cache: { now: 10_000, updated: 9_000 },
  packages: [],
  matches: [],
  files: [],
  named: [],
  archives: undefined,
  candidates: [],
  debs: [],
  simulation: undefined,
  unused: undefined,
  outdated: undefined,
}
const simulation = (more: Partial<NonNullable<AptAnswers['simulation']>> = {}) => ({ install: [], remove: [], text: '', code: 0, ...more })

function plan(params: Record<string, unknown>, is: Partial<AptAnswers>): Plan {
  const planned = apt.plan(apt.params.parse(params), { ...HOST, ...is } as never, {}) as Plan | Change[]
  return Array.isArray(planned) ? { changes: planned } : planned
}

/** The commands of the one step, without their preparation. */
function commands(planned: Plan): string[] {
  return planned.changes.flatMap((change) =>
    change.steps.flatMap((step) => {
      const text = step.do === 'run' ? step.script.text : ''
      return text
        .slice(text.lastIndexOf('\n}\n') + 3)
        .split(' &&\n')
        .map((line) => line.replaceAll('-o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold', '-o …'))
    }),
  )
}

const CASES: [title: string, params: Record<string, unknown>, is: Partial<AptAnswers>, commands: string[]][] = [
  ['leaves an installed package alone', { name: 'a' }, { packages: [{ ...PKG, version: '1' }] }, []],
  ['leaves a package alone that another provides', { name: 'awk' }, { packages: [{ ...NONE, providers: ['mawk'] }] }, []],
  ['leaves an old version alone', { name: 'a', state: 'present' }, { packages: [{ ...PKG, version: '1' }] }, []],
  [
    'installs what is missing in one command',
    { name: 'a,b,c' },
    { packages: [NONE, { ...PKG, version: '1' }, { ...NONE, state: 'config-files', version: '1' }], candidates: [offer('2'), offer('3')] },
    ['apt_get -o … install -- a c'],
  ],
  [
    'finishes a half-configured package',
    { name: 'a' },
    { packages: [{ ...NONE, state: 'half-configured', version: '1' }], candidates: [offer('1')] },
    ['apt_get -o … install -- a'],
  ],
  [
    'upgrades to the newest version',
    { name: 'a', state: 'latest' },
    { packages: [{ ...PKG, version: '1' }], candidates: [offer('2', '1')] },
    ['apt_get -o … install -- a'],
  ],
  [
    'leaves the newest version alone',
    { name: 'a', state: 'latest' },
    { packages: [{ ...PKG, version: '2' }], candidates: [offer('2', '1')] },
    [],
  ],
  [
    'leaves a version alone that is newer than any on offer',
    { name: 'a', state: 'latest' },
    { packages: [{ ...PKG, version: '3' }], candidates: [offer('2')] },
    [],
  ],
  ['leaves a matching version alone', { name: 'a=1.*' }, { packages: [{ ...PKG, version: '1.5-1' }] }, []],
  [
    'picks the highest matching version',
    { name: 'a=1.*' },
    { packages: [NONE], candidates: [offer('2.0', '1.9', '1.10')] },
    ['apt_get -o … install -- a=1.10'],
  ],
  [
    'changes to an exact version',
    { name: 'a=1', allow_downgrade: true },
    { packages: [{ ...PKG, version: '2' }], candidates: [offer('2', '1')] },
    ['apt_get -o … --allow-downgrades install -- a=1'],
  ],
  ['leaves a high enough version alone', { name: 'a>=1.5' }, { packages: [{ ...PKG, version: '1.10' }] }, []],
  [
    'raises a version that is too low',
    { name: 'a>=1.5' },
    { packages: [{ ...PKG, version: '1.4' }], candidates: [offer('2', '1.6')] },
    ['apt_get -o … install -- a=2'],
  ],
  [
    'raises a matching version to the highest matching one',
    { name: 'a=1.*', state: 'latest' },
    { packages: [{ ...PKG, version: '1.1' }], candidates: [offer('2', '1.2')] },
    ['apt_get -o … install -- a=1.2'],
  ],
  [
    'takes a release',
    { name: 'a/bookworm-backports' },
    { packages: [NONE], candidates: [offer('1')] },
    ['apt_get -o … install -- a/bookworm-backports'],
  ],
  ['a release is no reason to reinstall', { name: 'a/bookworm-backports' }, { packages: [{ ...PKG, version: '1' }] }, []],
  [
    'installs nothing new when only upgrading',
    { name: 'a', only_upgrade: true, state: 'latest' },
    { packages: [NONE], candidates: [offer('1')] },
    [],
  ],
  [
    'passes its options on',
    {
      name: 'a',
      default_release: 'sid',
      install_recommends: false,
      allow_unauthenticated: true,
      allow_change_held_packages: true,
      fail_on_autoremove: true,
      autoremove: true,
      dpkg_options: 'force-confnew',
    },
    { packages: [NONE], candidates: [offer('1')] },
    [
      'apt_get -o Dpkg::Options::=--force-confnew -t sid --no-install-recommends --no-remove --allow-change-held-packages --allow-unauthenticated --auto-remove install -- a',
    ],
  ],
  [
    'expands a pattern',
    { name: 'lib*' },
    {
      matches: [
        [
          { name: 'liba', installed: false, configured: false },
          { name: 'libb', installed: true, version: '1', configured: false },
        ],
      ],
      candidates: [offer('1')],
    },
    ['apt_get -o … install -- liba'],
  ],
  [
    'updates the lists first, in the same step',
    { name: 'a', update_cache: true },
    { packages: [NONE], candidates: [UNKNOWN] },
    ['update', 'apt_get -o … install -- a'],
  ],
  [
    'does not update lists that are new enough',
    { name: 'a', cache_valid_time: 3600 },
    { packages: [NONE], candidates: [offer('1')] },
    ['apt_get -o … install -- a'],
  ],
  ['does not update for packages that are there', { name: 'a', update_cache: true }, { packages: [{ ...PKG, version: '1' }] }, []],
  [
    'updates lists that were never fetched',
    { name: 'a', update_cache: true },
    { packages: [{ ...PKG, version: '1' }], cache: { now: 10, updated: 0 } },
    ['update'],
  ],
  [
    'lets fresh lists decide what is newest',
    { name: 'a', state: 'latest', update_cache: true },
    { packages: [{ ...PKG, version: '1' }], candidates: [offer('1')] },
    ['update', 'apt_get -o … install -- a'],
  ],
  ['marks what came for others as wanted', { name: 'a' }, { packages: [{ ...PKG, version: '1', auto: true }] }, ['apt-mark manual a']],
  [
    'cleans before and after',
    { name: 'a', clean: true, autoclean: true },
    { packages: [NONE], candidates: [offer('1')] },
    ['apt_get clean', 'apt_get -o … install -- a', 'apt_get autoclean'],
  ],
  [
    'removes',
    { name: ['a', 'b=2'], state: 'absent' },
    {
      packages: [
        { ...PKG, version: '1' },
        { ...PKG, version: '1' },
      ],
    },
    ['apt_get -o … remove -- a'],
  ],
  [
    'leaves configuration alone unless it purges',
    { name: 'a', state: 'absent' },
    { packages: [{ ...NONE, state: 'config-files', version: '1' }] },
    [],
  ],
  [
    'purges configuration that was left',
    { name: 'a', state: 'absent', purge: true, autoremove: true },
    { packages: [{ ...NONE, state: 'config-files', version: '1' }] },
    ['apt_get -o … --auto-remove purge -- a'],
  ],
  ['leaves missing packages missing', { name: ['a', 'zz*'], state: 'absent', purge: true }, { packages: [NONE], matches: [[]] }, []],
  [
    'removes what a pattern matches',
    { name: 'li*', state: 'absent' },
    {
      matches: [
        [
          { name: 'lia', installed: true, version: '1', configured: false },
          { name: 'lib', installed: false, configured: true },
        ],
      ],
    },
    ['apt_get -o … remove -- lia'],
  ],
  ['updates the lists alone', { update_cache: true }, {}, ['update']],
  ['leaves lists alone that are new enough', { cache_valid_time: 3600 }, {}, []],
  ['updates lists that are too old', { cache_valid_time: 1000 }, {}, ['update']],
  [
    'removes what is not needed',
    { autoremove: true, purge: true },
    { unused: simulation({ remove: ['x'] }) },
    ['apt_get -o … autoremove --purge'],
  ],
  ['has nothing to remove', { autoremove: true }, { unused: simulation() }, []],
  [
    'removes package files that are of no use',
    { autoclean: true },
    { outdated: simulation({ text: 'Del x 1 [1 kB]\n' }) },
    ['apt_get autoclean'],
  ],
  ['removes all package files', { clean: true }, { archives: ['archives/x.deb'] }, ['apt_get clean']],
  ['has nothing to clean', { clean: true }, { archives: [] }, []],
  [
    'upgrades the host',
    { upgrade: 'yes' },
    { simulation: simulation({ install: [{ name: 'a', from: '1', version: '2' }] }) },
    ['apt_get -o … upgrade --with-new-pkgs'],
  ],
  [
    'upgrades the host by name',
    { name: '*', state: 'latest' },
    { simulation: simulation({ install: [{ name: 'a', from: '1', version: '2' }] }) },
    ['apt_get -o … upgrade --with-new-pkgs'],
  ],
  ['upgrades with removals', { upgrade: 'dist' }, { simulation: simulation({ remove: ['a'] }) }, ['apt_get -o … dist-upgrade']],
  ['has nothing to upgrade', { upgrade: 'full' }, { simulation: simulation() }, []],
  ['upgrade: no is nothing', { upgrade: 'no', name: 'a' }, { packages: [{ ...PKG, version: '1' }] }, []],
  [
    'installs build dependencies',
    { name: 'a', state: 'build-dep' },
    { simulation: simulation({ install: [{ name: 'b', version: '2' }] }) },
    ['apt_get -o … build-dep a'],
  ],
  ['repairs', { state: 'fixed' }, { simulation: simulation({ install: [{ name: 'b', version: '2' }] }) }, ['apt_get -o … -f install']],
  [
    'leaves the package of a file alone',
    { deb: '/a.deb' },
    { files: [{ name: 'a', version: '1', architecture: 'all' }], debs: [{ ...PKG, version: '1' }] },
    [],
  ],
  [
    'leaves a higher version than that of a file alone',
    { deb: '/a.deb' },
    { files: [{ name: 'a', version: '1', architecture: 'all' }], debs: [{ ...PKG, version: '2' }] },
    [],
  ],
  [
    'leaves the package of a URL alone',
    { deb: 'https://example.org/pool/my-app_1.0-1_all.deb' },
    { named: [{ ...PKG, version: '2:1.0-1' }] },
    [],
  ],
  ['no names are nothing to do', { name: [] }, {}, []],
]
for (const [title, params, is, expected] of CASES) test(title, (t) => t.deepEqual(commands(plan(params, is)), expected))

const FAILURES: [title: string, params: Record<string, unknown>, is: Partial<AptAnswers>, failure: string][] = [
  [
    'an unknown package is named',
    { name: 'a,b' },
    { packages: [NONE, NONE], candidates: [offer('1'), UNKNOWN] },
    "No package matching 'b' is available",
  ],
  ['a pattern without match is named', { name: 'zz*' }, { matches: [[]] }, "No package matching 'zz*' is available"],
  [
    'a version that is not on offer is named',
    { name: 'a=9' },
    { packages: [NONE], candidates: [offer('1')] },
    'no available installation candidate for a=9',
  ],
  [
    'several providers are named',
    { name: 'mta' },
    { packages: [NONE], candidates: [{ known: true, versions: [], providers: ['exim', 'postfix'] }] },
    "'mta' is provided by several packages, name one of them: exim, postfix",
  ],
  [
    'the whole host and a package do not go together',
    { name: '*,a', state: 'latest' },
    {},
    'unable to install additional packages when upgrading all installed packages',
  ],
  [
    'what apt-get foretells as impossible is impossible',
    { name: 'a', state: 'build-dep' },
    { simulation: simulation({ code: 100, text: "Reading…\nE: You must put some 'deb-src' URIs\n" }) },
    "You must put some 'deb-src' URIs",
  ],
]
for (const [title, params, is, failure] of FAILURES) test(title, (t) => t.deepEqual(plan(params, is), { changes: [], failure }))

test('candidates are looked up only for what may have to be installed', (t) => {
  const ask = (params: Record<string, unknown>, is: Partial<AptAnswers>) =>
    apt.more!(apt.params.parse(params), { ...HOST, ...is } as never, {}).candidates.map((fact) => fact.key)
  t.deepEqual(
    ask(
      { name: ['a', 'b', 'c=1', 'd=1'] },
      { packages: [{ ...PKG, version: '1' }, NONE, { ...PKG, version: '1' }, { ...PKG, version: '2' }] },
    ),
    [{ name: 'b' }, { name: 'd' }],
  )
  t.deepEqual(ask({ name: 'a/sid', state: 'latest' }, { packages: [{ ...PKG, version: '1' }] }), [{ name: 'a', release: 'sid' }])
  t.deepEqual(ask({ name: 'a', state: 'absent' }, { packages: [{ ...PKG, version: '1' }] }), [])
})

test('what a dry run makes satisfies the same task', (t) => {
  const is = { packages: [NONE], candidates: [offer('2')] }
  const [change] = plan({ name: 'a' }, is).changes
  t.true(change!.opaque)
  t.deepEqual(change!.diff, { before: '', after: 'a 2\n' })
  t.is(change!.summary, 'install a 2')
  const after = change!.makes!.reduce<Package>((before, { value }) => value(before), NONE)
  t.deepEqual(plan({ name: 'a=2' }, { packages: [after] }).changes, [])
})

test('marking is not counted as a change', (t) => {
  t.true(plan({ name: 'a' }, { packages: [{ ...PKG, version: '1', auto: true }] }).changes[0]!.reads)
})

const output = (code: number, stdout: string, stderr = ''): Output => ({
  code,
  stdout: Buffer.from(stdout),
  stderr: Buffer.from(stderr),
  start: 0,
  end: 1000,
})
const result = (params: Record<string, unknown>, outputs: Output[], is: Partial<AptAnswers> = {}) =>
  apt.result!(apt.params.parse(params), { ...HOST, ...is } as never, outputs, {})

test('the result has the output, the age of the lists, and no change when nothing was newer', (t) => {
  t.deepEqual(result({ name: 'a' }, []), { cache_updated: false, cache_update_time: 9000 })
  t.deepEqual(result({ name: 'a', state: 'latest', update_cache: true }, [output(0, '0 upgraded\n', 'package lists updated\n')]), {
    stdout: '0 upgraded\n',
    stdout_lines: ['0 upgraded'],
    stderr: 'package lists updated\n',
    stderr_lines: ['package lists updated'],
    cache_updated: true,
    cache_update_time: 9000,
    changed: false,
  })
  t.false('changed' in result({ name: 'a' }, [output(0, 'Unpacking a (1) ...\nSetting up a (1) ...\n')]))
})

test('a dry run of what only apt-get can foretell has its words', (t) => {
  t.is(result({ autoremove: true }, [], { unused: simulation({ text: 'Remv hello\n' }) }).stdout, 'Remv hello\n')
})

const REASONS: [stderr: string, msg: string, stdout?: string][] = [
  ['E: Unable to locate package nope\n', "No package matching 'nope' is available"],
  [
    'E: Held packages were changed and -y was used without --allow-change-held-packages.\n',
    'apt-get failed: Held packages were changed and -y was used without --allow-change-held-packages.',
  ],
  [
    'E: Failed to fetch http://x/a.deb  404  Not Found\nE: Unable to fetch some archives, maybe run apt-get update or try with --fix-missing?\n',
    'apt-get failed: Failed to fetch http://x/a.deb  404  Not Found; Unable to fetch some archives, maybe run apt-get update or try with --fix-missing? (the package lists may be too old: "update_cache: true" fetches them)',
  ],
  [
    'E: Failed to fetch http://x/InRelease  403  Forbidden\nFailed to update apt cache\n',
    'Failed to update apt cache: Failed to fetch http://x/InRelease  403  Forbidden',
  ],
  [
    'E: Unable to correct problems, you have held broken packages.\n',
    'apt-get failed: a : Depends: b but it is not installable; Unable to correct problems, you have held broken packages.',
    'The following packages have unmet dependencies:\n a : Depends: b but it is not installable\n',
  ],
]
for (const [stderr, msg, stdout = ''] of REASONS)
  test(`says: ${msg.slice(0, 60)}`, (t) =>
    t.like(result({ name: 'a' }, [output(100, stdout, stderr)]), { failed: true, changed: false, rc: 100, msg, stderr }))

for (const [text, spec] of [
  ['g++', { text: 'g++', name: 'g++', glob: false }],
  ['libc6:i386', { text: 'libc6:i386', name: 'libc6:i386', glob: false }],
  ['a=1:2.0~rc1-1+b2', { text: 'a=1:2.0~rc1-1+b2', name: 'a', glob: false, version: { at: '=', pattern: '1:2.0~rc1-1+b2' } }],
  ['a>=1.0', { text: 'a>=1.0', name: 'a', glob: false, version: { at: '>=', pattern: '1.0' } }],
  ['a/sid', { text: 'a/sid', name: 'a', glob: false, release: 'sid' }],
  ['lib[ab]*', { text: 'lib[ab]*', name: 'lib[ab]*', glob: true }],
  ['a-', undefined],
  ['-o', undefined],
  ['a b', undefined],
  ["a;'x", undefined],
] as const)
  test(`reads the package ${text}`, (t) => t.deepEqual(parseSpec(text), spec as never))

test('versions sort as dpkg sorts them', (t) => {
  const sorted = [
    '0:1.0~~',
    '1.0~rc1',
    '1.0',
    '1.0-0ubuntu1',
    '1.0-1',
    '1.0-1+b1',
    '1.0-1.1',
    '1.0a',
    '1.0+dfsg',
    '1.0.1',
    '1.2',
    '1.10',
    '1:0.1',
  ]
  for (const [i, a] of sorted.entries())
    for (const [j, b] of sorted.entries()) t.is(Math.sign(compareVersions(a, b)), Math.sign(i - j), `${a} ${b}`)
  t.is(compareVersions('1.0', '0:1.0'), 0)
  t.is(compareVersions('1.00', '1.0'), 0)
})

for (const [title, params] of [
  ['deb together with name', { name: 'a', deb: '/a.deb' }],
  ['upgrade together with name', { name: '*', upgrade: 'safe' }],
  ['nothing to do', { state: 'present' }],
  ['a name that means removal', { name: 'a-' }],
  ['an unknown upgrade', { upgrade: 'maybe' }],
] as const)
  test(`${title} is refused`, (t) => t.false(apt.params.safeParse(params).success))

test('apt takes patterns as grep and JavaScript do', async (t) => {
  const script = packagesMatching('x').kind.script(['lib+x.[!a-c]*']).text
  const expression = /-e ('[^']*'|\S+)/.exec(script)![1]!
  const { stdout } = await shell(`printf '%s\\n' lib+x.d1 lib+x.a1 liblx.d libbx-d1 | grep -E -e ${expression}`)
  t.is(stdout.toString(), 'lib+x.d1\n')
})
