import test from 'ava'
import { Screen } from '../../src/report/screen.ts'

function open(columns = 80) {
  const size = { columns }
  const written: string[] = []
  const screen = new Screen(
    (text) => written.push(text),
    () => size.columns,
  )
  return { screen, size, take: () => written.splice(0).map((text) => text.replace('\x1b[?2026h', '<').replace('\x1b[?2026l', '>')) }
}

test('a frame is drawn once, then only the lines that changed', (t) => {
  const { screen, take } = open()
  screen.draw([], ['one', 'two'])
  screen.draw([], ['one', 'two'])
  screen.draw([], ['one', 'TWO'])
  screen.clear()
  t.deepEqual(take(), ['\x1b[?25l<\rone\x1b[K\ntwo\x1b[K\n\x1b[J>', '<\r\x1b[2A\nTWO\x1b[K\n\x1b[J>', '<\r\x1b[2A\x1b[J>\x1b[?25h'])
})

test('permanent lines go above the frame in the same write', (t) => {
  const { screen, take } = open()
  screen.draw([], ['row'])
  screen.draw(['for good'], ['row'])
  screen.clear(['the end'])
  t.deepEqual(take().slice(1), ['<\r\x1b[1Afor good\x1b[K\nrow\x1b[K\n\x1b[J>', '<\r\x1b[1Athe end\x1b[K\n\x1b[J>\x1b[?25h'])
})

test('after the terminal became narrower the broken lines are counted', (t) => {
  const { screen, size, take } = open(80)
  screen.draw([], ['x'.repeat(50), 'short'])
  size.columns = 20
  screen.draw([], ['y', 'short'])
  screen.clear()
  t.is(take()[1], '<\r\x1b[4Ay\x1b[K\nshort\x1b[K\n\x1b[J>')
})

test('a screen that showed nothing leaves the terminal alone', (t) => {
  const { screen, take } = open()
  screen.clear()
  t.deepEqual(take(), [])
})

test('a process that ends early gives the cursor back', (t) => {
  const { screen, take } = open()
  const before = process.listenerCount('exit')
  screen.draw([], ['row'])
  t.is(process.listenerCount('exit'), before + 1)
  take()
  process.listeners('exit').at(-1)?.call(process, 0)
  t.deepEqual(take(), ['\x1b[?25h'])
  screen.clear()
  t.is(process.listenerCount('exit'), before)
})
