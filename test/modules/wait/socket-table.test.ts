import test from 'ava'
import { tableAddresses } from '../../../src/modules/wait/socket-table.ts'

test('addresses are written as the kernel writes them', (t) => {
  t.deepEqual(tableAddresses('127.0.0.1'), ['0100007F', '0000000000000000FFFF00000100007F'])
  t.deepEqual(tableAddresses('::1'), ['00000000000000000000000001000000'])
  t.deepEqual(tableAddresses('2001:db8::8a2e:370:7334'), ['B80D0120000000002E8A000034737003'])
  t.deepEqual(tableAddresses('::'), ['0'.repeat(32)])
})
