import test, { type ExecutionContext } from 'ava'
import { type HostKey, readHostKey } from '../../src/inventory/range.ts'

function reads(t: ExecutionContext, key: string, expected: HostKey | string): void {
  t.deepEqual(readHostKey(key), expected)
}

test('a plain name is itself', reads, 'www.example.com', { names: ['www.example.com'] })
test('ranges include both ends', reads, 'w[1:3]', { names: ['w1', 'w2', 'w3'] })
test('leading zeros are kept', reads, 'w[08:11].x', { names: ['w08.x', 'w09.x', 'w10.x', 'w11.x'] })
test('without leading zeros there are none', reads, 'w[9:11]', { names: ['w9', 'w10', 'w11'] })
test('a third number is the step', reads, 'w[01:06:2]', { names: ['w01', 'w03', 'w05'] })
test('a missing begin is 0', reads, 'w[:2]', { names: ['w0', 'w1', 'w2'] })
test('letters make ranges', reads, 'db-[a:f:2]', { names: ['db-a', 'db-c', 'db-e'] })
test('several ranges multiply', reads, 'r[1:2]-[a:b].x', { names: ['r1-a.x', 'r1-b.x', 'r2-a.x', 'r2-b.x'] })
test('a port may follow', reads, 'w[1:2]:2222', { names: ['w1', 'w2'], port: 2222 })
test('an IPv6 address is no range and has no port', reads, '2001:db8::1', { names: ['2001:db8::1'] })
test('an IPv6 address in brackets may have a port', reads, '[2001:db8::1]:22', { names: ['2001:db8::1'], port: 22 })
test('an IPv6 address in brackets alone is the address', reads, '[::1]', { names: ['::1'] })

test('a range needs an end', reads, 'w[1:]', '[1:]: a range is written [1:10], [01:10:2] or [a:f]')
test('a range must not fall', reads, 'w[3:1]', '[3:1]: a range must begin before it ends')
test('a range of letters must not fall', reads, 'w[f:a]', '[f:a]: a range must begin before it ends')
test(
  'leading zeros need ends of one length',
  reads,
  'w[01:100]',
  '[01:100]: with leading zeros both ends must have the same number of digits',
)
test('a step is above 0', reads, 'w[1:9:0]', '[1:9:0]: the step of a range is a whole number above 0')
test('numbers and letters do not mix', reads, 'w[1:f]', '[1:f]: a range goes from number to number or from letter to letter')
test('a bracket must be closed', reads, 'w[1:2', 'a bracket stands alone')
test('a range cannot fill the memory', reads, 'w[0:99999999999]', '[0:99999999999]: it stands for 100000000000 hosts; 65536 is the most')
test('nor can two of them', reads, 'w[1:1000]-[1:1000]', 'it stands for 1000000 hosts; 65536 is the most')
