import test from 'ava'
import { signer, slug } from '../../src/modules/deb822/source.ts'
import { deb822Repository } from '../../src/modules/deb822-repository.ts'

const LEAST = { name: 'x', uris: 'http://a.example/b', suites: 's', components: 'main' }
const result = (params: object) => deb822Repository.result!(deb822Repository.params.parse(params), {} as never, [], {})

test('the file says what was asked for', (t) => {
  t.deepEqual(
    result({
      name: 'My Repo_1',
      types: ['deb', 'deb-src'],
      uris: 'http://a.example/b',
      suites: ['s', 't'],
      components: 'main,contrib',
      enabled: 'yes',
      architectures: 'amd64',
      signed_by: 'https://a.example/key',
    }),
    {
      repo: 'Architectures: amd64\nComponents: main contrib\nEnabled: yes\nX-Repolib-Name: My Repo_1\nSigned-By: /etc/apt/keyrings/my-repo-1.gpg\nSuites: s t\nTypes: deb deb-src\nURIs: http://a.example/b\n',
      dest: '/etc/apt/sources.list.d/my-repo-1.sources',
      key_filename: '/etc/apt/keyrings/my-repo-1.gpg',
    },
  )
})

test('a key stands in the file line by line', (t) => {
  const key = '-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nabc=\n-----END PGP PUBLIC KEY BLOCK-----\n'
  const { repo } = result({ ...LEAST, signed_by: key })
  t.true(String(repo).includes('Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc=\n -----END PGP PUBLIC KEY BLOCK-----\nSuites'))
})

test('who signs', (t) => {
  t.deepEqual(signer(`0x${'ab12 '.repeat(10)}`), { kind: 'field', value: 'AB12'.repeat(10) })
  t.deepEqual(signer('/a/b.gpg, /c.asc'), { kind: 'field', value: '/a/b.gpg /c.asc' })
  for (const bad of ['relative.gpg', '/a/b.key', 'ABCD', 'https://me:pw@a.example/key', '-----BEGIN PGP PRIVATE KEY BLOCK-----'])
    t.true('why' in signer(bad), bad)
  t.is(slug('Ünï_Code  x/1'), 'n-code-x1')
})

const BAD: [params: object, message: string][] = [
  [{ suites: [] }, 'suites is required with state=present'],
  [{ suites: './' }, 'a suite that ends in / has no components'],
  [{ suites: './,s' }, 'suites with and without a / at their end cannot be mixed'],
  [{ components: [] }, 'components is required, unless the suite ends in /'],
  [{ uris: 'a.example' }, 'expected addresses such as https://mirror.example.com/debian'],
  [{ types: 'rpm' }, 'types are deb and deb-src'],
  [{ inrelease_path: 'InRelease\nTrusted: yes' }, 'expected a path on one line'],
  [{ name: '/' }, 'a name needs letters or digits, on one line'],
  [
    { signed_by: 'ABCD' },
    'expected the path of a key on the host, its URL, its fingerprint (40 hexadecimal digits) or the key itself (-----BEGIN PGP …)',
  ],
]
for (const [params, message] of BAD)
  test(`refuses ${JSON.stringify(params)}`, (t) =>
    t.is(deb822Repository.params.safeParse({ ...LEAST, ...params }).error?.issues[0]?.message, message))
