import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import type { ExecutionContext } from 'ava'
import { need } from './sshd.ts'

export interface User {
  readonly name: string
  readonly password: string
}

/** A user of this machine, with a password and a line of sudoers(5) in which `@` stands for the name; gone with the test. Needs root. */
export function user(t: ExecutionContext, sudoers = ''): User {
  need('/usr/bin/sudo', 'sudo')
  const name = `mhprov-${randomBytes(4).toString('hex')}`
  const password = `it's "${randomBytes(6).toString('hex')}" $x\\`
  const rules = `/etc/sudoers.d/${name}`
  t.teardown(() => {
    rmSync(rules, { force: true })
    // Their processes may still be on their way out; the account is deleted all the same.
    execFileSync('userdel', ['-f', '-r', name], { stdio: 'ignore' })
  })
  execFileSync('useradd', ['-m', '-s', '/bin/bash', name])
  execFileSync('chpasswd', { input: `${name}:${password}\n` })
  if (sudoers) writeFileSync(rules, `${sudoers.replaceAll('@', name)}\n`, { mode: 0o440 })
  return { name, password }
}
