import { readdirSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import test, { type ExecutionContext } from 'ava'
import { EXIT } from '../../src/commands/exit-code.ts'
import { testLab } from '../helpers/lab.ts'
import { folder, mhprov, type Ran } from '../helpers/mhprov.ts'

test.before('this machine can have a lab', async (t) => {
  t.timeout(600_000)
  await (await testLab('bookworm', (line) => t.log(line))).destroy()
})

/** Rehearses a playbook of these tasks. Afterwards nothing is left of it: no file, and no network of the host that it had. */
async function rehearse(t: ExecutionContext, tasks: string, onOutput?: (text: string, pid: number) => void): Promise<Ran> {
  t.timeout(180_000)
  const dir = folder({ 'site.yaml': `- hosts: web\n  become: true\n  tasks:\n${tasks}` })
  const tmp = folder({})
  let pid = 0
  const ran = await mhprov(['rehearse', join(dir, 'site.yaml'), '--yes'], {
    env: { TMPDIR: tmp },
    onStart: (id) => {
      pid = id
    },
    onOutput: (text) => onOutput?.(text, pid),
  })
  t.deepEqual(readdirSync(tmp), [])
  const [, gateway] = / host at (\d+\.\d+\.\d+)\.\d+ is up/.exec(ran.stderr) ?? []
  const addresses = Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address))
  t.false(addresses.includes(`${gateway}.1`))
  return ran
}

const MOTD = '    - copy: { dest: /etc/motd, content: "hello\\n", mode: "0644" }\n'

test.serial('a playbook that is foretold and idempotent passes', async (t) => {
  const { code, stdout, stderr } = await rehearse(t, `${MOTD}    - command: { cmd: touch /etc/made, creates: /etc/made }\n`)
  t.is(code, EXIT.ok, stdout + stderr)
  t.regex(stdout, /^ {2}check +\d+\.\d s {3}2 of 2 tasks foretold$/m)
  t.regex(stdout, /^ {2}apply +\d+\.\d s {3}2 changed$/m)
  t.regex(stdout, /^ {2}apply again +\d+\.\d s {3}0 changed$/m)
  t.regex(stdout, /a second run changes nothing\.$/m)
})

test.serial('one that changes something again and again fails, and is told which task does', async (t) => {
  const { code, stdout } = await rehearse(t, `${MOTD}    - { name: Leave a mark, command: touch /etc/made }\n`)
  t.is(code, EXIT.failed)
  t.regex(stdout, /^ {2}apply again +\d+\.\d s {3}1 changed\n +Leave a mark\n {2}A second run must change nothing/m)
})

test.serial('one that fails ends there, with the exit code of the run', async (t) => {
  const { code, stderr } = await rehearse(t, `${MOTD}    - command: { cmd: "false", creates: /etc/nothing }\n`)
  t.is(code, EXIT.failed)
  t.regex(stderr, /^rehearse: apply ended with exit code 1: the rehearsal stops here$/m)
})

test.serial('faults are told before a host is made', async (t) => {
  const { code, stderr } = await rehearse(t, '    - copyy: { dest: /etc/motd }\n')
  t.is(code, EXIT.input)
  t.regex(stderr, /unknown module "copyy"/)
  t.notRegex(stderr, /is up/)
})

test.serial('Ctrl-C leaves nothing either', async (t) => {
  let sent = false
  const { code } = await rehearse(t, '    - { name: Sleep, command: sleep 20 }\n', (text, pid) => {
    if (!text.includes('Sleep') || sent) return
    sent = true
    process.kill(pid, 'SIGINT')
  })
  t.true(sent)
  t.is(code, EXIT.interrupted)
})
