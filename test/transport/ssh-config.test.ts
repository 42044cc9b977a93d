import { homedir } from 'node:os'
import test from 'ava'
import { parseSshConfig, readSshConfig } from '../../src/transport/ssh-config.ts'

test('what ssh -G prints is read', (t) => {
  const text = `host web
user deploy
hostname 192.0.2.7
port 2222
hashknownhosts yes
identitiesonly no
stricthostkeychecking accept-new
identityfile ~/.ssh/one
identityfile /keys/two
globalknownhostsfile /etc/ssh/ssh_known_hosts /etc/ssh/ssh_known_hosts2
userknownhostsfile ~/.ssh/known_hosts
proxyjump me@bastion:2200,inner
`
  t.deepEqual(parseSshConfig(text), {
    hostname: '192.0.2.7',
    port: 2222,
    user: 'deploy',
    identityFile: [`${homedir()}/.ssh/one`, '/keys/two'],
    identitiesOnly: false,
    proxyJump: ['me@bastion:2200', 'inner'],
    userKnownHostsFile: [`${homedir()}/.ssh/known_hosts`],
    globalKnownHostsFile: ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'],
    strictHostKeyChecking: 'accept-new',
    hashKnownHosts: true,
  })
})

test('the ssh client of this machine is asked, and a name that looks like an option is not', async (t) => {
  const { hostname, port } = await readSshConfig('some-host.example')
  t.deepEqual({ hostname, port }, { hostname: 'some-host.example', port: 22 })
  t.deepEqual(await readSshConfig('-oProxyCommand=false'), {})
})
