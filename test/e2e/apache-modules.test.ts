import test, { type ExecutionContext } from 'ava'
import type { AnyModule } from '../../src/module/define.ts'
import { quote } from '../../src/module/shell.ts'
import { apache2Conf } from '../../src/modules/apache2-conf.ts'
import { apache2Module } from '../../src/modules/apache2-module.ts'
import { apache2Site } from '../../src/modules/apache2-site.ts'
import { x509Certificate } from '../../src/modules/x509-certificate.ts'
import { labHost } from '../helpers/lab.ts'
import { labShell } from '../helpers/lab-shell.ts'
import { applies, leaves } from '../helpers/scratch.ts'
import { type Settled, settle, shell } from '../helpers/settle.ts'

// Apache's modules, sites and pieces of configuration on one real host, whose configuration they share: one after another.

const host = labHost(test)
const there = () => ({ prefix: labShell(host()) })
const on = async (script: string): Promise<string> => (await host().run(script)).stdout.trim()

/** Applies, and sees that a dry run says so beforehand, that its predictions hold, and that a second application plans nothing. */
async function settles(t: ExecutionContext, module: AnyModule, params: object, planned: string[]): Promise<Settled> {
  const settled = await (planned.length > 0 ? applies : leaves)(t, module, params, there())
  t.deepEqual(
    settled.changes.map((change) => change.summary),
    planned,
  )
  return settled
}

/** Everything Apache's tools write, byte for byte. */
const snapshot = () =>
  on(
    `cd /; find etc/apache2 var/lib/apache2 ! -type d -printf '%p %y %m %U:%G %T@ %l\\n' | sort; find etc/apache2 -type f | sort | xargs md5sum`,
  )

/** A task that fails, after which all is as before, and Apache would still start. Gives the message. */
async function refuses(t: ExecutionContext, module: AnyModule, params: object, msg: RegExp | string): Promise<void> {
  const before = await snapshot()
  const { result } = await settle(module, params, there())
  t.true(result.failed, JSON.stringify(params))
  const said = String(result.msg).trim().split('\n').at(-1)!
  if (typeof msg === 'string') t.is(said, msg)
  else t.regex(said, msg)
  t.is(await snapshot(), before)
  t.is(await on('ls -d /tmp/tmp.*'), '')
}

const site = (text: string, name = 'chat.example.com') =>
  `<VirtualHost *:80>\n  ServerName ${name}\n  RewriteEngine on\n  RewriteRule ^ - [R=200]\n  ErrorDocument 200 "${text}"\n</VirtualHost>\n`
const serves = () => on('systemctl reload apache2 && sleep 1 && curl -s -H "Host: chat.example.com" http://127.0.0.1/')

test.serial('without Apache: what is wanted cannot be had, and what is not wanted is not there', async (t) => {
  const missing = /^there is no a2en(site|conf|mod) on this host: Apache is not installed \(package apache2\)$/
  for (const module of [apache2Site, apache2Conf, apache2Module] as AnyModule[]) {
    const { result } = await settle(module, { name: 'chat' }, there())
    t.regex(String(result.msg), missing)
    await settles(t, module, { name: 'chat', state: 'absent' }, [])
  }
  const { code, stderr } = await host().run('apt-get update -q && apt-get install -y -q --no-install-recommends apache2 openssl curl', {
    timeout: 300_000,
  })
  t.is(code, 0, stderr)
})

test.serial('a site that needs a module is refused; with the module it is served', async (t) => {
  await refuses(
    t,
    apache2Site,
    { name: 'chat', content: site('one') },
    /^Apache refuses this, everything was put back: .* on line 3 of \/etc\/apache2\/sites-enabled\/chat.conf: Invalid command 'RewriteEngine'.*\(the line is: RewriteEngine on\)$/,
  )
  const { result } = await settles(t, apache2Module, { name: 'rewrite' }, ['enable module rewrite'])
  t.like(result, { changed: true, result: 'Module rewrite enabled' })
  await on('systemctl restart apache2')
  const made = await settles(t, apache2Site, { name: 'chat.conf', content: site('one') }, ['create file, mode 0644, enable site chat'])
  t.like(made.result, { name: 'chat', path: '/etc/apache2/sites-available/chat.conf', mode: '0644', state: 'present' })
  t.like(made.changes[0]?.diff, { before: '', after: site('one') })
  t.is(await serves(), 'one')
})

test.serial('a bad content is put back, and Apache still serves', async (t) => {
  const bad = site('two').replace('</VirtualHost>', '  Order "a, b" $(nothing)\n</VirtualHost>')
  await refuses(
    t,
    apache2Site,
    { name: 'chat', content: bad, mode: '0640', owner: 'www-data' },
    /on line 6 of .*\(the line is: Order "a, b" \$\(nothing\)\)$/,
  )
  await refuses(t, apache2Site, { name: 'new', content: '<VirtualHost *:80>\n' }, /<VirtualHost> was not closed/)
  t.is(await serves(), 'one')
  await settles(t, apache2Site, { name: 'chat', content: site('two'), mode: '0640' }, ['replace content, mode 0644 → 0640'])
  t.is(await serves(), 'two')
})

test.serial('what was changed by hand is mended', async (t) => {
  const want = { name: 'chat', content: site('two') }
  await on('a2dissite chat')
  await settles(t, apache2Site, want, ['enable site chat'])
  await on('echo "# mine" >>/etc/apache2/sites-available/chat.conf')
  await settles(t, apache2Site, want, ['replace content'])
  await on('rm /etc/apache2/sites-available/chat.conf')
  await settles(t, apache2Site, want, ['create file, mode 0644'])
  await on('ln -sfn /etc/apache2/sites-available/000-default.conf /etc/apache2/sites-enabled/chat.conf')
  await settles(t, apache2Site, want, ['enable site chat (the link led to /etc/apache2/sites-available/000-default.conf)'])
  await on('cd /etc/apache2/sites-available; mv chat.conf /root; ln -s /root/chat.conf .')
  await settles(t, apache2Site, want, ['replace link by a file, mode 0644'])
  await on('rm /root/chat.conf; chmod 600 /etc/apache2/sites-available/chat.conf')
  await settles(t, apache2Site, { ...want, mode: '0644' }, ['mode 0600 → 0644'])
  await on('cd /etc/apache2/sites-enabled; rm chat.conf; cp ../sites-available/chat.conf .')
  await refuses(
    t,
    apache2Site,
    want,
    '/etc/apache2/sites-enabled/chat.conf is a file of its own, not a link: move it to /etc/apache2/sites-available/chat.conf',
  )
  await on('rm /etc/apache2/sites-enabled/chat.conf')
  await settles(t, apache2Site, want, ['enable site chat'])
  t.is(await serves(), 'two')
})

test.serial('a site is disabled and enabled by its name alone', async (t) => {
  await settles(t, apache2Site, { name: '000-default', state: 'absent' }, ['disable site 000-default'])
  await settles(t, apache2Site, { name: '000-default' }, ['enable site 000-default'])
  await refuses(t, apache2Site, { name: 'nowhere' }, /^there is no site nowhere: .* is missing, and the task has neither content nor src$/)
  await on('ln -s ../sites-available/gone.conf /etc/apache2/sites-enabled/')
  await settles(t, apache2Site, { name: 'gone', state: 'absent' }, ['disable site gone'])
  await on('ln -s /etc/hostname /etc/apache2/sites-enabled/gone.conf')
  await settles(t, apache2Site, { name: 'gone', state: 'absent' }, ['disable site gone'])
  await settles(t, apache2Site, { name: 'spare', state: 'absent', content: '<bad' }, ['create file, mode 0644'])
  await on('rm /etc/apache2/sites-available/spare.conf')
})

test.serial('a configuration that was broken before', async (t) => {
  const want = { name: 'chat', content: site('two') }
  await on('echo Broken >>/etc/apache2/sites-available/chat.conf')
  await settles(t, apache2Site, want, ['replace content'])
  await on('echo Elsewhere >/etc/apache2/conf-available/a.conf; a2enconf a')
  await refuses(
    t,
    apache2Site,
    { ...want, content: site('three') },
    /^Apache's configuration was broken before, nothing was changed; repair that first: .*conf-enabled\/a.conf: Invalid command 'Elsewhere'/,
  )
  const module = await settles(t, apache2Module, { name: 'headers' }, ['enable module headers'])
  t.regex(String(module.result.warnings), /^Apache's configuration was broken before and still is, elsewhere: .*'Elsewhere'/)
  await refuses(t, apache2Module, { name: 'headers', state: 'absent' }, /was broken before, nothing was changed; repair that first/)
  await refuses(
    t,
    apache2Conf,
    { name: 'Z', content: 'Worse\n' },
    /^Apache's configuration was broken before and is with this, nothing was changed: .*Z.conf: Invalid command 'Worse'.*; before: .*'Elsewhere'/,
  )
  await settles(t, apache2Site, want, [])
  const { result } = await settle(apache2Conf, { name: 'a' }, there())
  t.regex(String(result.msg), /^configuration a is as wanted, and Apache refuses it: .*\(the line is: Elsewhere\)$/m)
  const { result: dry } = await settle(apache2Conf, { name: 'a' }, { ...there(), check: true })
  t.falsy(dry.failed, 'an earlier task of a dry run may have mended it')
  // the second broken file shows only when the first is mended
  await on('echo Broken >>/etc/apache2/sites-available/chat.conf')
  const first = await settles(t, apache2Conf, { name: 'a', content: 'ServerTokens Prod\n' }, ['replace content'])
  t.regex(
    String(first.result.msg),
    /^Apache's configuration was broken before and still is, elsewhere: .*sites-enabled\/chat.conf: Invalid command 'Broken'/,
  )
  const second = await settles(t, apache2Site, want, ['replace content'])
  t.is(second.result.msg, undefined)
  t.is(await serves(), 'two')
})

test.serial('a module that a site misses is enabled though the site misses another', async (t) => {
  const content = `Header set X-A b\n${site('two')}`
  await settles(t, apache2Site, { name: 'chat', content }, ['replace content'])
  await refuses(t, apache2Module, { name: 'headers', state: 'absent' }, /Invalid command 'Header'/)
  await on('a2dismod -f headers rewrite')
  const { result } = await settle(apache2Site, { name: 'chat', content }, there())
  t.regex(String(result.msg), /^site chat is as wanted, and Apache refuses it: .*'Header'/)
  await settles(t, apache2Module, { name: 'headers' }, ['enable module headers'])
  await settles(t, apache2Module, { name: 'rewrite' }, ['enable module rewrite'])
  await settles(t, apache2Site, { name: 'chat', content }, [])
})

test.serial('modules: what belongs together, what is in the way, what Debian calls essential', async (t) => {
  await settles(t, apache2Module, { name: 'ssl', identifier: 'ssl_module' }, ['enable module ssl (with socache_shmcb)'])
  await on('rm /etc/apache2/mods-enabled/ssl.conf')
  await settles(t, apache2Module, { name: 'ssl' }, ['enable module ssl'])
  await refuses(
    t,
    apache2Module,
    { name: 'socache_shmcb', state: 'absent' },
    'module socache_shmcb is needed by ssl: disable that first, or all with force',
  )
  await settles(t, apache2Module, { name: 'socache_shmcb', state: 'absent', force: true }, ['disable module socache_shmcb (with ssl)'])
  await refuses(t, apache2Module, { name: 'mpm_prefork' }, 'module mpm_prefork conflicts with mpm_event: disable that first')
  await refuses(
    t,
    apache2Module,
    { name: 'mpm_event', state: 'absent' },
    /^Apache refuses this, everything was put back: AH00534: .*No MPM loaded/,
  )
  await refuses(t, apache2Module, { name: 'cgi' }, /^Your MPM seems to be threaded/)
  await refuses(
    t,
    apache2Module,
    { name: 'autoindex', state: 'absent' },
    'module autoindex is essential, as Debian has it: disabling it needs force',
  )
  await settles(t, apache2Module, { name: 'autoindex', state: 'absent', force: true }, ['disable module autoindex'])
  await refuses(t, apache2Module, { name: 'nope' }, /^there is no module nope: .*mods-available\/nope.load is missing/)
  await settles(t, apache2Module, { name: 'log_config' }, [])
  await refuses(t, apache2Module, { name: 'log_config', state: 'absent' }, /part of the server itself/)
  await refuses(t, apache2Module, { name: 'env', state: 'absent', force: true, identifier: 'mime_module' }, /still lists mime_module/)
  await refuses(t, apache2Module, { name: 'expires', identifier: 'expire_module' }, /lists no expire_module: is the identifier right\?$/)
})

test.serial('modules: one MPM for another', async (t) => {
  const one = { name: 'mpm_event', state: 'absent', ignore_configcheck: true }
  const { result } = await settles(t, apache2Module, one, ['disable module mpm_event'])
  t.regex(String(result.warnings), /^Apache refuses its configuration now: AH00534/)
  await settles(t, apache2Module, { name: 'mpm_prefork' }, ['enable module mpm_prefork'])
  const quiet = { name: 'mpm_prefork', state: 'absent', ignore_configcheck: true, warn_mpm_absent: false }
  t.is((await settles(t, apache2Module, quiet, ['disable module mpm_prefork'])).result.warnings, undefined)
  await settles(t, apache2Module, { name: 'mpm_event' }, ['enable module mpm_event'])
  t.is(await on('systemctl restart apache2 && systemctl is-active apache2'), 'active')
})

test.serial('a site with a certificate of its own', async (t) => {
  const files = { path: '/etc/ssl/chat.pem', privatekey_path: '/etc/ssl/private/chat.key' }
  await settle(x509Certificate, { ...files, subject_alt_name: ['DNS:chat.example.com'] }, there())
  await leaves(t, x509Certificate, { ...files, subject_alt_name: ['DNS:chat.example.com'] }, there())
  await settles(t, apache2Module, { name: 'ssl' }, ['enable module ssl (with socache_shmcb)'])
  const content = site('safe').replace(
    '*:80>',
    `*:443>\n  SSLEngine on\n  SSLCertificateFile ${files.path}\n  SSLCertificateKeyFile ${files.privatekey_path}`,
  )
  await refuses(
    t,
    apache2Site,
    { name: 'safe', content: content.replaceAll('chat.pem', 'none.pem') },
    /SSLCertificateFile: file '\/etc\/ssl\/none.pem' does not exist/,
  )
  await settles(t, apache2Site, { name: 'safe', content }, ['create file, mode 0644, enable site safe'])
  const get = `curl -sS --cacert ${files.path} --resolve chat.example.com:443:127.0.0.1 https://chat.example.com/`
  t.is(await on(`systemctl restart apache2 && ${get}`), 'safe')
})

test.serial('a step that is ended half way puts everything back', async (t) => {
  // apache2ctl runs this command before it looks at the configuration
  await on(`echo 'export APACHE_ULIMIT_MAX_FILES="sleep 600"' >>/etc/apache2/envvars`)
  const before = await snapshot()
  const { changes } = await settle(apache2Site, { name: 'late', content: site('late') }, { ...there(), check: true })
  const [step] = changes[0]!.steps
  if (step?.do !== 'run') return t.fail()
  const { code } = await shell(`timeout 2 /bin/sh -c ${quote(step.script.text)}`, step.stdin, there().prefix)
  t.is(code, 124)
  t.is(await snapshot(), before)
  t.is(await on('ls -d /tmp/tmp.*; ls -A /etc/apache2/sites-available | grep mhprov'), '')
})
