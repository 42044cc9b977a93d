import test from 'ava'
import fc from 'fast-check'
import { frameReader } from '../../src/transport/frame.ts'

const marker = Buffer.from('\0<feed ')

/** Cuts a stream into chunks of these sizes, in turn, and gives what the reader makes of it. */
function read(bytes: Buffer, sizes: readonly number[]) {
  const outputs: Buffer[] = []
  const frames: [number, number, string][] = []
  const push = frameReader(marker, {
    data: (piece) => outputs.push(Buffer.from(piece)),
    frame: (id, code) => frames.push([id, code, Buffer.concat(outputs.splice(0)).toString('latin1')]),
  })
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? 1
    push(bytes.subarray(at, at + size))
    at += size
  }
  return { frames, open: Buffer.concat(outputs).toString('latin1') }
}

/** Output that loves to look like the beginning of a marker. */
const output = fc.array(fc.constantFrom('\0', '\0<', '\0<fee', '\0<feed', '<feed ', '\n', 'x', '\0\0<')).map((parts) => parts.join(''))
const real = (text: string): string => (text.includes('\0<feed ') ? real(text.replaceAll('\0<feed ', '')) : text)

test('output and frames come apart wherever the chunks are cut', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(output.map(real), fc.nat(255)), { maxLength: 4 }),
      fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }),
      (replies, sizes) => {
        const stream = replies.map(([text, code], id) => `${text}\0<feed ${id} ${code}\n`).join('')
        t.deepEqual(read(Buffer.from(stream, 'latin1'), sizes), { frames: replies.map(([text, code], id) => [id, code, text]), open: '' })
      },
    ),
  )
})

test('what cannot be a marker any more is handed on at once, what may be one is kept', (t) => {
  t.is(read(Buffer.from('abc\0<feX'), [100]).open, 'abc\0<feX')
  t.is(read(Buffer.from('abc\0<fe'), [100]).open, 'abc')
  t.is(read(Buffer.from('\0\0\0'), [1]).open, '\0\0')
  t.is(read(Buffer.from('abc\0<feed 12 1'), [3]).open, 'abc')
})
