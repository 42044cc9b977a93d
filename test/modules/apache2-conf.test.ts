import test from 'ava'
import { ABSENT } from '../../src/facts/stat.ts'
import type { Plan } from '../../src/module/define.ts'
import { apache2Conf } from '../../src/modules/apache2-conf.ts'

// What it does to Apache is tested in test/e2e/apache-modules.test.ts; what it shares with apache2_site, in its test.

const CREATOR = { umask: 0o022, uid: 0, user: 'root', gid: 0, group: 'root' }

function plan(params: object, link?: string): Plan {
  const is = {
    enabled: { installed: true, file: false, ...(link !== undefined && { link }) },
    file: ABSENT,
    content: { why: 'no file' as const },
    creator: CREATOR,
    test: { ok: true, message: '', file: '' },
  }
  return apache2Conf.plan(apache2Conf.params.parse({ name: 'quiet', ...params }), is, { src: [] }) as Plan
}

test('it is written to conf-available and enabled by a2enconf', (t) => {
  const { changes } = plan({ content: 'ServerTokens Prod\n' })
  t.is(changes[0]?.summary, 'create file, mode 0644, enable configuration quiet')
  const [step] = changes[0]!.steps
  t.true(
    step?.do === 'run' &&
      step.script.text.includes('a2enconf -q quiet') &&
      step.script.text.includes('/etc/apache2/conf-available/quiet.conf'),
  )
  t.true(changes[0]!.makes!.some(({ fact }) => fact.id === 'apache-enabled {"directory":"conf","name":"quiet"}'))
})

test('what is not there needs a content', (t) => {
  t.regex(plan({}).failure!, /^there is no configuration quiet: \/etc\/apache2\/conf-available\/quiet.conf is missing/)
  t.deepEqual(plan({ state: 'absent' }), { changes: [] })
})

test('a link that leads nowhere is removed', (t) => {
  t.is(plan({ state: 'absent' }, '/etc/apache2/conf-available/quiet.conf').changes[0]?.summary, 'disable configuration quiet')
})
