import test from 'ava'
import { registrationMac } from '../../src/matrix/register.ts'

test('the message authentication code of a registration, as Synapse’s own tests have it', (t) => {
  const account = { name: 'pepper_roni', password: 'pizza', admin: true }
  t.is(registrationMac('shared_secret', 'thisisanonce', account), '48715842ad67d5dc9a9ee938a3bda4fcfae8d7c7')
  t.not(
    registrationMac('shared_secret', 'thisisanonce', { ...account, admin: false }),
    registrationMac('shared_secret', 'thisisanonce', account),
  )
})
