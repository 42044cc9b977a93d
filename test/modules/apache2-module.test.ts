import test from 'ava'
import { type ApacheModule, apacheModule } from '../../src/facts/apache-module.ts'
import type { Plan } from '../../src/module/define.ts'
import { apache2Module } from '../../src/modules/apache2-module.ts'

// What it does to Apache is tested in test/e2e/apache-modules.test.ts.

const LISTING = `installed
mods-available/proxy.load f
mods-available/proxy.conf f
mods-available/proxy_http.load f
mods-available/proxy_http2.load f
mods-available/http2.load f
mods-available/mpm_event.load f
mods-enabled/http2.load f
mods-enabled/proxy.load f
mods-enabled/gone.load N

mods-available/proxy_http.load:# Depends: proxy
mods-available/proxy_http2.load:# Depends: proxy_http http2
mods-available/mpm_event.load:# Conflicts: mpm_worker mpm_prefork

Compiled in modules:
  core.c
  mod_so.c
`
const parsed = (name: string): ApacheModule => apacheModule(name).kind.parse(Buffer.from(LISTING), [name])[0]!

test('one look tells of all modules', (t) => {
  const nothing = {
    installed: true,
    available: false,
    builtIn: false,
    enabled: false,
    traces: false,
    depends: [],
    conflicts: [],
    neededBy: [],
  }
  t.deepEqual(parsed('proxy_http2'), { ...nothing, available: true, depends: ['proxy_http', 'http2', 'proxy'] })
  // its .conf is not linked
  t.deepEqual(parsed('proxy'), { ...nothing, available: true, traces: true, neededBy: ['proxy_http'] })
  t.deepEqual(parsed('http2'), { ...nothing, available: true, enabled: true, traces: true, neededBy: ['proxy_http2'] })
  t.deepEqual(parsed('gone'), { ...nothing, traces: true })
  t.deepEqual(parsed('so'), { ...nothing, builtIn: true })
  t.deepEqual(parsed('mpm_event').conflicts, ['mpm_worker', 'mpm_prefork'])
})

test('what is enabled along with it is said and predicted', (t) => {
  const want = apache2Module.params.parse({ name: 'proxy_http2' })
  const is = parsed('proxy_http2')
  const known = { is, test: { ok: true, message: '', file: '' }, others: is.depends.map(parsed), threaded: [] }
  const [change] = apache2Module.plan(want, known, {}) as Plan['changes']
  t.is(change?.summary, 'enable module proxy_http2 (with proxy_http, proxy)')
  t.deepEqual(
    change!.makes!.map(({ fact, value }) => [fact.key, value(parsed(String(fact.key))).enabled]),
    [
      ['proxy_http2', true],
      ['proxy_http', true],
      ['proxy', true],
    ],
  )
})

test('a host without Apache', (t) => {
  const is: ApacheModule = apacheModule('ssl').kind.parse(Buffer.from(''), ['ssl'])[0]!
  t.false(is.installed)
  t.true(apacheModule('ssl').kind.isAbsent!(is))
})

test('names are words', (t) => {
  for (const name of ['two words', '*', '-f', 'a/b', '']) t.false(apache2Module.params.safeParse({ name }).success, name)
  t.true(apache2Module.params.safeParse({ name: 'php8.2' }).success)
})
