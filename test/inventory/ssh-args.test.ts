import test, { type ExecutionContext } from 'ava'
import { readSshArgs } from '../../src/inventory/ssh-args.ts'

function jumps(t: ExecutionContext, text: string, expected: string[] | undefined): void {
  t.deepEqual(readSshArgs(text), { jump: expected })
}

function refuses(t: ExecutionContext, text: string, problem: string, hint: string): void {
  t.deepEqual(readSshArgs(text), { problem, hint })
}

test('nothing says nothing', jumps, '', undefined)
test('-J names a host', jumps, '-J bastion', ['bastion'])
test('-J may touch its host', jumps, '-Jme@bastion:2222', ['me@bastion:2222'])
test('-o ProxyJump does too', jumps, '-o ProxyJump=bastion', ['bastion'])
test('in all its spellings', jumps, '-oproxyjump=bastion', ['bastion'])
test('with quotes and a space', jumps, '-o "ProxyJump bastion"', ['bastion'])
test('quotes may stand inside of a word', jumps, "-o ProxyJump='a,b'", ['a', 'b'])
test('several are gone through in order', jumps, '-J me@a,[2001:db8::1]:22', ['me@a', '[2001:db8::1]:22'])
test('as URIs too', jumps, '-J ssh://me@a:22/', ['me@a:22'])
test('none is none', jumps, '-J none', [])
test('what tunes the ssh program alone is left out', jumps, '-C -o ControlMaster=auto -o ControlPersist=60s -J a', ['a'])

const SUPPORTED = 'supported are -J HOST and -o ProxyJump=HOST'
test(
  'another option is refused',
  refuses,
  '-J a -o ForwardX11=yes',
  '-o ForwardX11=yes is not supported',
  `${SUPPORTED}; other settings belong in ~/.ssh/config`,
)
test('so is a flag', refuses, '-A', '-A is not supported', `${SUPPORTED}; other settings belong in ~/.ssh/config`)
test('so is a word', refuses, 'bastion', 'bastion is not supported', `${SUPPORTED}; other settings belong in ~/.ssh/config`)
test('a key has a variable', refuses, '-i ~/.ssh/key', '-i ~/.ssh/key is not supported', 'use ansible_ssh_private_key_file instead')
test('a port has one', refuses, '-o Port=22', '-o Port=22 is not supported', 'use ansible_port instead')
test(
  'unchecked host keys have a better way',
  refuses,
  '-o StrictHostKeyChecking=no',
  '-o StrictHostKeyChecking=no is not supported',
  'use "ansible_host_key_checking: accept-new", or pin the key with ansible_ssh_host_key',
)
test(
  'a ProxyCommand that jumps is told as a jump',
  refuses,
  `-o ProxyCommand="ssh -W %h:%p -q -p 2222 me@bastion"`,
  '-o ProxyCommand=ssh -W %h:%p -q -p 2222 me@bastion is not supported',
  'write -J me@bastion:2222 instead',
)
test(
  'another ProxyCommand is refused',
  refuses,
  `-o ProxyCommand='nc -x proxy %h %p'`,
  '-o ProxyCommand=nc -x proxy %h %p is not supported',
  `${SUPPORTED}; other settings belong in ~/.ssh/config`,
)
test(
  'a malformed jump is refused',
  refuses,
  '-J a:b:c',
  '"a:b:c" is no list of jump hosts',
  'write them as user@host:port, with commas between them',
)
test('a missing one too', refuses, '-J', '"" is no list of jump hosts', 'write them as user@host:port, with commas between them')
test('an open quote is refused', refuses, `-J "a`, 'a quote is not closed', SUPPORTED)
