import test from 'ava'
import { mergeIngress } from '../../../src/modules/cloudflare/ingress.ts'

const OURS = { hostname: 'matrix.example.com', service: 'https://host.docker.internal:443' }
const WILD = { hostname: '*.example.com', service: 'http://nas' }
const ALL = { service: 'http_status:404' }

test('a rule of ours that another hides is moved before it', (t) => {
  t.deepEqual(mergeIngress([WILD, OURS, ALL], [OURS]), [OURS, WILD, ALL])
  const seen = [OURS, WILD, ALL]
  t.deepEqual(mergeIngress(seen, [OURS]), seen)
})

test('a rule for every hostname is one for all, and stays the last', (t) => {
  const star = { hostname: '*', service: 'http://nas' }
  t.deepEqual(mergeIngress([star], [OURS]), [OURS, star])
})
