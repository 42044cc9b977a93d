import test from 'ava'
import type { ApacheConfigtest } from '../../src/facts/apache-configtest.ts'
import { type ApacheEnabled, apacheEnabled } from '../../src/facts/apache-enabled.ts'
import { ABSENT } from '../../src/facts/stat.ts'
import type { Plan } from '../../src/module/define.ts'
import { apache2Site } from '../../src/modules/apache2-site.ts'
import { scratch } from '../helpers/scratch.ts'

// What it does to Apache is tested in test/e2e/apache-modules.test.ts.

const FINE: ApacheConfigtest = { ok: true, message: '', file: '' }
const CREATOR = { umask: 0o022, uid: 0, user: 'root', gid: 0, group: 'root' }

function plan(params: object, enabled: Partial<ApacheEnabled>, test = FINE): Plan {
  const is = {
    enabled: { installed: true, file: false, ...enabled },
    file: ABSENT,
    content: { why: 'no file' as const },
    creator: CREATOR,
    test,
  }
  return apache2Site.plan(apache2Site.params.parse({ name: 'x', ...params }), is, { src: [] }) as Plan
}

test('a dry run believes that the site is there and enabled', (t) => {
  const [change] = plan({ content: 'x\n' }, {}).changes
  t.is(change?.summary, 'create file, mode 0644, enable site x')
  const made = new Map(change!.makes!.map(({ fact, value }) => [fact.id, value({ installed: true, file: false })]))
  t.deepEqual(made.get('apache-enabled {"directory":"sites","name":"x"}'), {
    installed: true,
    file: false,
    link: '/etc/apache2/sites-available/x.conf',
  })
  t.like(made.get('stat "/etc/apache2/sites-available/x.conf"'), { exists: true, size: 2, mode: 0o644 })
})

test('the content travels on stdin, not in the script', (t) => {
  const [step] = plan({ content: 'Define KEY hidden-word\n' }, {}).changes[0]!.steps
  t.true(step?.do === 'run' && !step.script.text.includes('hidden-word') && String(step.stdin).includes('hidden-word'))
  const broken = { ok: false, message: 'hidden-word', file: '/etc/apache2/sites-enabled/x.conf' }
  const [repair] = plan({ content: 'x' }, {}, broken).changes[0]!.steps
  t.true(repair?.do === 'run' && !repair.script.text.includes('hidden-word'))
})

test('a host without Apache: a failure, or a later matter in a dry run that installs it', (t) => {
  const fact = apacheEnabled({ directory: 'sites', name: 'x' })
  const absent = fact.kind.parse(Buffer.from(''), [fact.key])[0]!
  t.deepEqual(absent, { installed: false, file: false })
  t.true(fact.kind.isAbsent!(absent))
  t.is(plan({ content: '' }, absent).failure, 'there is no a2ensite on this host: Apache is not installed (package apache2)')
  t.deepEqual(plan({ state: 'absent' }, absent), { changes: [], message: 'Apache is not installed' })
})

test('a template of the controller is a content', async (t) => {
  const here = scratch(t, { 'x.ejs': 'ServerName x\n' })
  const loaded = apache2Site.inputs!(apache2Site.params.parse({ name: 'x', src: here.at('x.ejs') }))
  t.deepEqual(loaded, { src: { path: here.at('x.ejs'), as: 'template' } })
})

test('names', (t) => {
  const parse = (name: unknown) => apache2Site.params.safeParse({ name })
  t.is(parse('matrix.example.com.conf').data?.name, 'matrix.example.com')
  t.is(parse('000-default').data?.name, '000-default')
  for (const name of ['two words', '../x', 'a/b', '*', 'a?', '-q', '.hidden', '', "it's", 'a\nb', '.conf'])
    t.regex(parse(name).error!.issues[0]!.message, /^expected a name of letters/, name)
})

test('content and src exclude each other', (t) => {
  t.is(
    apache2Site.params.safeParse({ name: 'x', content: '', src: 'y' }).error?.issues[0]?.message,
    'src and content are mutually exclusive',
  )
})
