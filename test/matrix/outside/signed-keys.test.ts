import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto'
import test from 'ava'
import { canonicalJson } from '../../../src/matrix/outside/canonical-json.ts'
import { isSigned, serverKeys } from '../../../src/matrix/outside/signed-keys.ts'
import { keyDocument, publicHalf } from './keys.ts'

// Matrix specification, appendices, "Canonical JSON", examples
const CANONICAL: readonly [string, string][] = [
  ['{}', '{}'],
  ['{ "one": 1, "two": "Two" }', '{"one":1,"two":"Two"}'],
  ['{ "b": "2", "a": "1" }', '{"a":"1","b":"2"}'],
  [
    `{"auth": {"success": true, "mxid": "@john.doe:example.com", "profile": {"display_name": "John Doe", "three_pids": [
      {"medium": "email", "address": "john.doe@example.org"}, {"medium": "msisdn", "address": "123456789"}]}}}`,
    '{"auth":{"mxid":"@john.doe:example.com","profile":{"display_name":"John Doe","three_pids":[{"address":"john.doe@example.org","medium":"email"},{"address":"123456789","medium":"msisdn"}]},"success":true}}',
  ],
  ['{ "a": "日本語" }', '{"a":"日本語"}'],
  ['{ "本": 2, "日": 1 }', '{"日":1,"本":2}'],
  ['{ "a": "\\u65E5" }', '{"a":"日"}'],
  ['{ "a": null }', '{"a":null}'],
  ['{ "a": -0, "b": 1e10 }', '{"a":0,"b":10000000000}'],
  // beyond the examples: UTF-16 would put the second first
  ['{ "\\uD83D\\uDE00": 1, "\\uFF5E": 2 }', '{"～":2,"😀":1}'],
  ['{ "a\\u0001\\"\\\\\\n": [] }', '{"a\\u0001\\"\\\\\\n":[]}'],
]

for (const [given, wanted] of CANONICAL) test(`canonical: ${given}`, (t) => t.is(canonicalJson(JSON.parse(given)), wanted))

test('what has no canonical form', (t) => {
  for (const value of [1.5, 2 ** 53, { a: [1e300] }, undefined, { a: undefined }]) t.is(canonicalJson(value), undefined)
})

test('the signatures of the specification', (t) => {
  // appendices, "Cryptographic Test Vectors"; the seed as PKCS #8 (RFC 8410)
  const seed = Buffer.from('YJDBA9Xnr2sVqXD9Vj7XVUnmFZcZrlw8Md7kMW+3XA1', 'base64')
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed])
  const key = publicHalf(createPublicKey(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' })))
  const empty = 'K8280/U9SSy9IVtjBuVeLr+HpOB4BQFWbg+UZaADMtTdGYI7Geitb76LTrr5QV/7Xg4ahLwYGYZzuHGZKM5ZAQ'
  const data = 'KqmLSbO39/Bzb0QIYE82zqLwsA+PDzYIpIRA2sRQ4sL53+sN6/fpNSoqE7BP7vBZhG6kYdD13EIMJpvhJI+6Bw'
  t.true(isSigned(canonicalJson({})!, key, empty))
  t.true(isSigned(canonicalJson({ two: 'Two', one: 1 })!, key, data))
  t.false(isSigned('{}', key, data))
  t.false(isSigned('{ }', key, empty))
  for (const bad of ['', 'AAAA', undefined, 1]) t.false(isSigned('{}', key, bad))
  t.false(isSigned('{}', 'AAAA', empty))
})

const NOW = Date.parse('2026-06-01')
const pair = generateKeyPairSync('ed25519')
const document = (changes: object = {}) => keyDocument(pair.privateKey, 'example.com', NOW + 1000, changes)
const verdict = (answer: Parameters<typeof serverKeys>[0]) => {
  const found = serverKeys(answer, 'example.com', NOW)
  return found.ok ? 'good' : found.detail
}

test('the keys of a server', (t) => {
  t.is(verdict(document()), 'good')
  t.is(verdict({ ...document(), unsigned: { age: 1 } }), 'good')
  t.is(verdict(undefined), 'the keys are no JSON object')
  t.is(verdict(document({ server_name: 'example.org' })), 'the keys are those of example.org, not of example.com')
  t.is(verdict(document({ valid_until_ts: NOW })), 'the keys ended on 2026-06-01T00:00:00.000Z')
  t.is(verdict(document({ valid_until_ts: 'never' })), 'the keys ended on no date')
  t.is(verdict(document({ verify_keys: {} })), 'the answer names no ed25519 key')
  t.is(verdict({ ...document(), more: 1 }), 'the signature by ed25519:a_test is not good')
  t.is(verdict({ ...document(), more: 1.5 }), 'the keys have no canonical JSON form')
  t.is(verdict({ ...document(), signatures: {} }), 'no signature by ed25519:a_test')
  // a key that is named but has not signed
  const other = publicHalf(generateKeyPairSync('ed25519').publicKey)
  const { verify_keys: keys } = document()
  t.is(verdict(document({ verify_keys: { ...keys, 'ed25519:b': { key: other } } })), 'no signature by ed25519:b')
  const forged = sign(null, Buffer.from('{}'), pair.privateKey).toString('base64')
  t.regex(verdict({ ...document(), signatures: { 'example.com': { 'ed25519:a_test': forged } } }), /not good/)
})
