import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import test from 'ava'
import { octal, settleMode } from '../../../src/modules/files/file-mode.ts'

const CLAUSES = [
  'u=rw,go=r',
  'u=rwX,go=rX',
  'a+x',
  'a-x',
  '+x',
  '-x',
  '=r',
  '+w',
  '-w',
  '=',
  'a=',
  'u=',
  'o=',
  'g=u',
  'u=g',
  'o=u,g-w',
  'go=u-w',
  'u=g,g=o',
  'u+s',
  'g+s',
  'u-s',
  'g-s',
  '+s',
  '-s',
  'ug+s',
  'o+s',
  '+t',
  '-t',
  'o+t',
  'u+t',
  'a+t',
  '=t',
  'a=rws',
  'a+X',
  '+X',
  'go-X',
  'a-x,a+X',
  'u=rws,g=rxs,o=rx',
  'u+rwx,g-rwx,o-rwx',
  'ugo=rwx',
  'u=rwx',
  'g=rwx',
  'g=',
  'u+x-w',
  'u=rw-w+x',
  'o=rwXt',
  'a=rX',
  'g+u',
  'o-g',
  'u-o',
  'g=o',
  'ug=o',
  'u=rwx,u=',
  'a=s',
  'u=s',
  '+',
  'u+',
  'a-',
  'u=rX,g=u',
]
const STARTS = ['0000', '0644', '0755', '0600', '0111', '4755', '2755', '1777', '6751', '7777', '0470', '2070', '0407']

const real = (directory: boolean, umask: string): string => {
  const root = mkdtempSync(join(tmpdir(), 'mhprov-mode-'))
  try {
    const script = `cd "$1"; umask ${umask}; ${directory ? 'mkdir x' : ': >x'}
for start in ${STARTS.join(' ')}; do for clause in ${CLAUSES.join(' ')}; do
chmod 0$start x; chmod -- "$clause" x 2>/dev/null; stat -c %a x; done; done`
    return execFileSync('sh', ['-c', script, 'sh', root], { encoding: 'utf8' })
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

for (const directory of [false, true])
  for (const umask of ['022', '077', '002'])
    test(`settles symbolic modes as chmod does, ${directory ? 'directory' : 'file'}, umask ${umask}`, (t) => {
      const measured = real(directory, umask).trim().split('\n')
      const about = { directory, umask: Number.parseInt(umask, 8) }
      const cases = STARTS.flatMap((start) => CLAUSES.map((clause) => ({ start, clause })))
      t.is(measured.length, cases.length)
      t.deepEqual(
        cases.map(({ start, clause }) => `${start} ${clause} ${settleMode(clause, Number.parseInt(start, 8), about).toString(8)}`),
        cases.map(({ start, clause }, i) => `${start} ${clause} ${measured[i]}`),
      )
    })

test('octal digits are meant exactly', (t) => {
  const about = { directory: true, umask: 0o22 }
  t.is(settleMode('0755', 0o7777, about), 0o755)
  t.is(settleMode('755', 0o2700, about), 0o755)
  t.is(settleMode('01777', 0, about), 0o1777)
  t.is(settleMode('0', 0o644, about), 0)
})

test('modes are written as Ansible writes them', (t) => {
  t.deepEqual([0o644, 0o1777, 0o4755, 0, 0o7].map(octal), ['0644', '01777', '04755', '0000', '0007'])
})
