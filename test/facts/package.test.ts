import test from 'ava'
import { debPackage, isInstalled, isPresent } from '../../src/facts/package.ts'
import { candidate, parsePolicy } from '../../src/facts/package-candidate.ts'
import { packagesMatching } from '../../src/facts/package-glob.ts'
import { shell } from '../helpers/settle.ts'

const TABLE = [
  '\tdpkg\tamd64\tinstall\tinstalled\t1.21.22\t',
  '\tlibdpkg-perl\tall\tinstall\tinstalled\t1.21.22\t',
  '\thello\tamd64\thold\tinstalled\t2.10-3\t',
  '\told\tamd64\tdeinstall\tconfig-files\t1.0\t',
  '\thalf\tamd64\tinstall\thalf-configured\t2\t',
  '\tmawk\tamd64\tinstall\tinstalled\t1.3.4\tawk (= 1), posix-awk:any',
  '\tlibc6\tamd64\tinstall\tinstalled\t2.36-9\t',
  '\tlibc6\ti386\tinstall\tinstalled\t2.36-8\t',
  '\tdocs\tall\tinstall\tinstalled\t1\t',
].join('\n')
const STATES = 'Package: mawk\nArchitecture: amd64\nAuto-Installed: 1\n--\nPackage: docs\nArchitecture: amd64\nAuto-Installed: 1\n'

const KEYS = ['hello', 'old', 'half', 'awk', 'posix-awk', 'libc6', 'libc6:i386', 'libc6:armhf', 'docs', 'nothing', 'mawk']

test('every state of a package is an answer, and the plain name means the architecture of the host', (t) => {
  const kind = debPackage('x').kind
  const answers = kind.parse(Buffer.from(`${TABLE}\n\0${STATES}`), KEYS)
  const none = { held: false, auto: false, providers: [] }
  t.deepEqual(Object.fromEntries(KEYS.map((key, i) => [key, answers[i]])), {
    hello: { ...none, state: 'installed', version: '2.10-3', held: true },
    old: { ...none, state: 'config-files', version: '1.0' },
    half: { ...none, state: 'half-configured', version: '2' },
    awk: { ...none, state: 'not-installed', providers: ['mawk'] },
    'posix-awk': { ...none, state: 'not-installed', providers: ['mawk'] },
    libc6: { ...none, state: 'installed', version: '2.36-9' },
    'libc6:i386': { ...none, state: 'installed', version: '2.36-8' },
    'libc6:armhf': { ...none, state: 'not-installed' },
    docs: { ...none, state: 'installed', version: '1', auto: true },
    nothing: { ...none, state: 'not-installed' },
    mawk: { ...none, state: 'installed', version: '1.3.4', auto: true },
  })
})

test('a host without dpkg has no package', (t) => {
  t.deepEqual(debPackage('x').kind.parse(Buffer.from('\0'), ['x']), [{ state: 'not-installed', held: false, auto: false, providers: [] }])
})

test('packages with outstanding triggers are installed, half-configured ones are not, provided ones are present', (t) => {
  const states = ['installed', 'triggers-pending', 'triggers-awaited', 'half-configured', 'unpacked', 'config-files'] as const
  t.deepEqual(
    states.map((state) => isInstalled({ state })),
    [true, true, true, false, false, false],
  )
  t.true(isPresent({ state: 'not-installed', held: false, auto: false, providers: ['mawk'] }))
  t.true(debPackage('x').kind.isAbsent!({ state: 'config-files', held: false, auto: false, providers: [] }))
})

test('one dpkg-query answers for all names', async (t) => {
  const kind = debPackage('x').kind
  const keys = ['dpkg', 'awk', "no'such"]
  t.is(kind.script(keys).text.match(/dpkg-query/g)?.length, 1)
  const [dpkg, awk, none] = kind.parse((await shell(kind.script(keys).text)).stdout, keys)
  t.is(dpkg!.state, 'installed')
  t.truthy(dpkg!.version)
  t.true(awk!.providers.length > 0)
  t.is(none!.state, 'not-installed')
})

const POLICY = `hello:
  Installed: 2.10-3
  Candidate: 2.12-1
  Version table:
     2.12-1 500
        500 http://deb.example.org/debian trixie/main amd64 Packages
 *** 2.10-3 100
        100 /var/lib/dpkg/status
pinned:
  Installed: (none)
  Candidate: (none)
  Version table:
     1:3.0 -1
        500 http://deb.example.org/debian trixie/main amd64 Packages
awk:
  Installed: (none)
  Candidate: (none)
  Version table:
`

test('the policy of apt gives the candidate and all versions on offer', (t) => {
  t.deepEqual(Object.fromEntries(parsePolicy(POLICY)), {
    hello: { version: '2.12-1', versions: ['2.12-1', '2.10-3'] },
    pinned: { versions: ['1:3.0'] },
    awk: { versions: [] },
  })
})

test('a name that others provide is known by its providers, an unknown name is not known', (t) => {
  const kind = candidate({ name: 'x' }).kind
  const showpkg = 'Package: awk\nmawk 1.3.4 (= )\ngawk 1:5.2 (= )\nmawk 1.3.4 (= )\n'
  const keys = [{ name: 'hello' }, { name: 'awk' }, { name: 'nope' }, { name: 'hello', release: 'sid' }]
  t.deepEqual(kind.parse(Buffer.from(`${POLICY}\0${showpkg}\0hello:\n  Candidate: 3-1\n\0\0`), keys), [
    { known: true, version: '2.12-1', versions: ['2.12-1', '2.10-3'], providers: [] },
    { known: true, versions: [], providers: ['mawk', 'gawk'] },
    { known: false, versions: [], providers: [] },
    { known: false, version: '3-1', versions: [], providers: [] },
  ])
  t.is(kind.script(keys).text.match(/ policy -- /g)?.length, 2)
  t.true(kind.script(keys).text.includes('-t sid policy -- hello'))
})

test('a pattern names what apt offers and what dpkg has, each once', (t) => {
  const kind = packagesMatching('hel?o').kind
  const stdout = 'hello\nhelio\nlibfoo1\n\0hello\tinstalled\t2.10-3\nhel.o\tconfig-files\t1\n'
  t.deepEqual(kind.parse(Buffer.from(stdout), ['hel?o', 'lib*[0-9]', 'zz*']), [
    [
      { name: 'hel.o', version: '1', installed: false, configured: true },
      { name: 'helio', installed: false, configured: false },
      { name: 'hello', version: '2.10-3', installed: true, configured: false },
    ],
    [{ name: 'libfoo1', installed: false, configured: false }],
    [],
  ])
})
