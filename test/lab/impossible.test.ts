import test from 'ava'
import { testLab } from '../helpers/lab.ts'

test('where a lab cannot be made, real-host tests fail and say why: they are never skipped', async (t) => {
  process.env.MHPROV_NO_LAB = '1'
  await t.throwsAsync(testLab(), { message: 'real-host tests cannot run here: MHPROV_NO_LAB is set' })
  delete process.env.MHPROV_NO_LAB
})
