import { crc32 } from 'node:zlib'
import { Mintmark, testingToken } from '@mintmark/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeBase62 } from '../../../packages/server/src/core/secrets/base62.ts'
import { startAuthority, type TestAuthority } from '../../support/authority.ts'
import { authorityFetch, json, refusal, scriptedFetch, type RecordingFetch } from '../support.ts'

let authority: TestAuthority
let token: string
let expiresAt: number

beforeAll(async () => {
  authority = await startAuthority()
  // The SDK looks at the time of this machine.
  authority.clock.advance(Date.now() - authority.clock.now())
  ;({ token, expiresAt } = await clientOf(authorityFetch(authority)).testingTokens.create())
})
afterAll(() => authority.close())

const clientOf = ({ fetch }: RecordingFetch, secretKey = authority.first.secretKey) =>
  new Mintmark({ secretKey, fetch, retryConfig: { strategy: 'none' } })
const request = (query: string, headers: Record<string, string> = {}): Request =>
  new Request(`https://app.example.com/sign-up${query}`, { headers })
const inQuery = (value: string): Request => request(`?a=1&__clerk_testing_token=${value}#part`)
/** In the form of one, to its checksum; which number it has makes it another. */
function tokenLike(nth: number): string {
  const text = `c_${String(nth).padStart(45, '0')}`
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(text))
  return `1700000000-${text}${encodeBase62(check)}`
}

describe('a testing token that is good', () => {
  it.each([
    ['the query', () => inQuery(token)],
    ['its header', () => request('', { 'X-Mintmark-Testing-Token': token })],
    ['the header of the query’s name', () => request('', { __clerk_testing_token: token })],
    ['a cookie', () => request('', { cookie: `a=b; __clerk_testing_token=${token}` })],
    [
      'two places alike',
      () => request(`?__clerk_testing_token=${token}`, { 'X-Mintmark-Testing-Token': token }),
    ],
  ])('is found in %s', async (_, make) => {
    const client = clientOf(authorityFetch(authority))
    expect(await testingToken(make(), { client })).toEqual({ good: true, expiresAt })
  })

  it('is asked about once, also by those who ask at the same time', async () => {
    const recording = authorityFetch(authority)
    const client = clientOf(recording)
    await Promise.all([1, 2, 3].map(() => testingToken(inQuery(token), { client })))
    await testingToken(inQuery(token), { client })
    expect(recording.sent).toHaveLength(1)
  })

  it('is asked about again after five seconds, so that a change is seen', async () => {
    const recording = authorityFetch(authority)
    const client = clientOf(recording)
    let time = 0
    const ask = () => testingToken(inQuery(token), { client, clock: () => time })
    for (const [at, asked] of [
      [0, 1],
      [4_999, 1],
      [5_000, 2],
    ] as const) {
      time = at
      expect(await ask()).toMatchObject({ good: true })
      expect(recording.sent).toHaveLength(asked)
    }
  })

  it('is good until its second of expiry, also if remembered', async () => {
    const client = clientOf(authorityFetch(authority))
    const ask = (now: number) => testingToken(inQuery(token), { client, now: () => now })
    expect(await ask(expiresAt * 1000 - 1)).toMatchObject({ good: true })
    expect(await ask(expiresAt * 1000)).toEqual({ good: false, reason: 'inactive' })
  })

  // Stops a suite with many tokens from filling the memory of the application.
  it('is forgotten when a thousand others came after it', async () => {
    const good = () => json(200, { object: 'testing_token', id: 'tst_1', expires_at: expiresAt })
    const recording = scriptedFetch(good)
    const client = clientOf(recording)
    const nth = (at: number) => inQuery(tokenLike(at))
    for (let at = 0; at < 1_001; at++) await testingToken(nth(at), { client, clock: () => 0 })
    await testingToken(nth(1_000), { client, clock: () => 0 })
    expect(recording.sent).toHaveLength(1_001)
    await testingToken(nth(0), { client, clock: () => 0 })
    expect(recording.sent).toHaveLength(1_002)
  })

  // Stops one application's answer from counting in another that runs in the same process.
  it('is good for its own instance alone, whoever asked before', async () => {
    const other = await authority.addInstance()
    const client = clientOf(authorityFetch(authority))
    await testingToken(inQuery(token), { client })
    const foreign = clientOf(authorityFetch(authority), other.secretKey)
    expect(await testingToken(inQuery(token), { client: foreign })).toEqual({
      good: false,
      reason: 'inactive',
    })
  })
})

describe('what is no good testing token', () => {
  it.each([
    ['missing', () => request('?testing_token=x')],
    ['malformed', () => inQuery('hello')],
    ['malformed', () => inQuery(`1700000000-c_${'a'.repeat(500)}`)],
    ['malformed', () => inQuery(authority.first.secretKey)],
    ['inactive', () => inQuery(tokenLike(3))],
    ['ambiguous', () => request(`?__clerk_testing_token=${token}&__clerk_testing_token=b`)],
    ['ambiguous', () => request(`?__clerk_testing_token=${token}`, { cookie: '__clerk_testing_token=b' })],
    ['malformed', () => request('', { 'X-Mintmark-Testing-Token': `${token}, ${token}` })],
  ])('is %s', async (reason, make) => {
    const client = clientOf(authorityFetch(authority))
    expect(await testingToken(make(), { client })).toEqual({ good: false, reason })
  })

  // Stops visitors from using up the rate limit of the application's key with tokens that they make up.
  it.each([
    ['one digit changed', () => token.slice(0, -1) + (token.endsWith('x') ? 'y' : 'x')],
    ['made-up digits', () => `1700000000-c_${'3'.repeat(51)}`],
    ['a digit too few', () => token.slice(0, -1)],
    ['a digit too many', () => `${token}0`],
    ['no second of issue', () => token.slice(token.indexOf('c_'))],
    ['a zero before the second of issue', () => `0${token}`],
    ['a line end', () => `${token}%0A`],
    ['the digits of another kind', () => token.replace('c_', 'mt_')],
  ])('is malformed, and not asked about, with %s', async (_, made) => {
    const recording = authorityFetch(authority)
    const client = clientOf(recording)
    expect(await testingToken(inQuery(made()), { client })).toEqual({ good: false, reason: 'malformed' })
    expect(recording.sent).toHaveLength(0)
  })

  // Stops one made-up token from making a call for each request that has it.
  it('is remembered for five seconds', async () => {
    const recording = authorityFetch(authority)
    const client = clientOf(recording)
    let time = 0
    for (const [at, asked] of [
      [0, 1],
      [4_999, 1],
      [5_000, 2],
    ] as const) {
      time = at
      const verdict = await testingToken(inQuery(tokenLike(3)), { client, clock: () => time })
      expect(verdict).toEqual({ good: false, reason: 'inactive' })
      expect(recording.sent).toHaveLength(asked)
    }
  })

  // Stops made-up tokens from filling the memory, and from pushing those of the test suite out of it.
  it('is forgotten when a thousand others came after it, and takes no good one with it', async () => {
    const good = () => json(200, { object: 'testing_token', id: 'tst_1', expires_at: expiresAt })
    const none = () => refusal(404, 'resource_not_found')
    const recording = scriptedFetch(good, none)
    const client = clientOf(recording)
    const ask = (nth: number) => testingToken(inQuery(tokenLike(nth)), { client, clock: () => 0 })
    for (let nth = 0; nth < 1_002; nth++) await ask(nth)
    expect(await ask(0)).toEqual({ good: true, expiresAt })
    expect(await ask(1_001)).toEqual({ good: false, reason: 'inactive' })
    expect(recording.sent).toHaveLength(1_002)
    await ask(1)
    expect(recording.sent).toHaveLength(1_003)
  })

  it('is one whose time is over, whatever the authority’s clock says', async () => {
    const late = () => json(200, { object: 'testing_token', id: 'tst_1', expires_at: 1_700_000_000 })
    const client = clientOf(scriptedFetch(late))
    expect(await testingToken(inQuery(token), { client })).toEqual({ good: false, reason: 'inactive' })
  })
})

describe('an authority that cannot answer', () => {
  // Stops an outage from opening the way around bot protection, and from being remembered.
  it.each([
    ['a broken network', () => new TypeError('refused')],
    ['an outage', () => refusal(503, 'service_unavailable')],
    ['a bad key', () => refusal(401, 'clerk_key_invalid')],
    ['a proxy’s 404', () => new Response('not here', { status: 404 })],
  ])('makes it reject: %s', async (_, answer) => {
    const good = () => json(200, { object: 'testing_token', id: 'tst_1', expires_at: expiresAt })
    const client = clientOf(scriptedFetch(answer, good))
    const error = await testingToken(inQuery(token), { client }).catch((error: unknown) => error)
    expect(error).toBeInstanceOf(Error)
    expect(String(error)).not.toContain(token)
    expect(await testingToken(inQuery(token), { client })).toEqual({ good: true, expiresAt })
  })
})
