import test from 'ava'
import { aptCache } from '../../src/facts/apt-cache.ts'
import { aptSimulation } from '../../src/facts/apt-simulation.ts'
import { debFile } from '../../src/facts/deb-file.ts'

test('a simulation tells what would come, change and go', (t) => {
  const upgrade = `Reading package lists...
Inst base-files [12.4+deb12u11] (12.4+deb12u12 Debian:12.12/stable [amd64])
Inst new (1.0 local [all]) []
Remv gone [2.0]
Purg purged [3.0]
Conf base-files (12.4+deb12u12 Debian:12.12/stable [amd64])
`
  const kind = aptSimulation(['upgrade']).kind
  t.deepEqual(
    kind.parse(Buffer.from([upgrade, '0', '\nE: Unable to correct problems\n', '100', ''].join('\0')), [['upgrade'], ['install']]),
    [
      {
        install: [
          { name: 'base-files', from: '12.4+deb12u11', version: '12.4+deb12u12' },
          { name: 'new', version: '1.0' },
        ],
        remove: ['gone', 'purged'],
        text: upgrade,
        code: 0,
      },
      { install: [], remove: [], text: 'E: Unable to correct problems\n', code: 100 },
    ],
  )
})

test('a host without apt-get simulates nothing, with the code of a missing command', (t) => {
  t.deepEqual(aptSimulation(['upgrade']).kind.parse(Buffer.from(['sh: 1: apt-get: not found\n', '127', ''].join('\0')), [['upgrade']]), [
    { install: [], remove: [], text: 'sh: 1: apt-get: not found\n', code: 127 },
  ])
})

test('lists that were never fetched are as old as can be', (t) => {
  const { kind } = aptCache()
  t.deepEqual(kind.parse(Buffer.from('1700000000\n1699990000\n'), [null]), [{ now: 1700000000, updated: 1699990000 }])
  t.deepEqual(kind.parse(Buffer.from('1700000000\n'), [null]), [{ now: 1700000000, updated: 0 }])
})

test('a .deb names its package; a file that is none has no answer', (t) => {
  const stdout = 'Package: foo\nVersion: 1:1.0-2\nArchitecture: all\n\0\0'
  t.deepEqual(debFile('x').kind.parse(Buffer.from(stdout), ['/tmp/foo.deb', '/nope']), [
    { name: 'foo', version: '1:1.0-2', architecture: 'all' },
    undefined,
  ])
})
