import { randomBytes } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { encodeBase62 } from '../../../server/src/core/secrets/base62.ts'
import { APIError, ConnectionError, type CallError } from '../core/errors.ts'
import { fail, succeed, type Result } from '../core/result.ts'
import { createOpaqueVerifier, type OpaqueVerifierOptions } from '../verify.ts'

function secretOf(prefix = 'mt_', body = encodeBase62(randomBytes(33))): string {
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(prefix + body))
  return prefix + body + encodeBase62(check)
}

interface Token {
  readonly subject: string
  readonly expiration: number | null
  readonly revoked?: boolean
  readonly expired?: boolean
  readonly scopes?: string[]
}

const failure = (statusCode: number, code?: string, meta?: Readonly<Record<string, unknown>>) =>
  new APIError({
    statusCode,
    contentType: 'application/json',
    errors: code === undefined ? [] : [{ code, message: code, longMessage: code, ...(meta && { meta }) }],
    traceId: null,
    retryAfter: null,
    body: '',
    rawResponse: new Response(),
  })
const notFound = failure(404, 'resource_not_found')

/** A verifier whose authority says what the test says, at a time of which the test says when it is. */
function start(options: Partial<OpaqueVerifierOptions<Token>> = {}) {
  const asked: string[] = []
  const time = { ms: 1_000, now: 1_768_478_400_000 }
  const authority: { answer: () => Promise<Result<Token, CallError>> } = {
    answer: () => Promise.resolve(succeed({ subject: 'mch_a', expiration: null })),
  }
  const verifier = createOpaqueVerifier<Token>({
    verify: (secret) => {
      asked.push(secret)
      return authority.answer()
    },
    clock: () => time.ms,
    now: () => time.now,
    ...options,
  })
  return { asked, time, authority, verify: (secret: string) => verifier.verify(secret) }
}

/** How many entries of maps are walked over meanwhile, by anybody. */
async function countMapSteps(work: () => Promise<unknown>): Promise<number> {
  const iterator = Object.getPrototypeOf(new Map().entries()) as { next: () => unknown }
  const { next } = iterator
  let steps = 0
  iterator.next = function count() {
    steps++
    return next.call(this)
  }
  try {
    await work()
  } finally {
    iterator.next = next
  }
  return steps
}

const NOT_ACTIVE = { active: false, reason: 'not_active' }

describe('an opaque token', () => {
  it('is active if the authority says so, with what it says', async () => {
    const { verify, asked, authority } = start()
    const secret = secretOf()
    authority.answer = () =>
      Promise.resolve(succeed({ subject: 'mch_a', expiration: null, scopes: ['mch_b'] }))
    const token = { subject: 'mch_a', expiration: null, scopes: ['mch_b'] }
    expect(await verify(secret)).toEqual({ active: true, kind: 'm2m_token', subject: 'mch_a', token })
    expect(asked).toEqual([secret])
  })

  it('is not active if the authority does not find it, or finds it revoked or expired', async () => {
    const { verify, authority } = start()
    authority.answer = () => Promise.resolve(fail(notFound))
    expect(await verify(secretOf())).toEqual(NOT_ACTIVE)
    for (const flag of ['revoked', 'expired']) {
      authority.answer = () => Promise.resolve(succeed({ subject: 'mch_a', expiration: null, [flag]: true }))
      expect(await verify(secretOf())).toEqual(NOT_ACTIVE)
    }
  })

  // A24: stops guesses and garbage from reaching the authority.
  it.each<readonly [string, unknown]>([
    ['nothing', ''],
    ['an id', `mt_${'0'.repeat(32)}`],
    ['another kind of secret', secretOf('ak_')],
    ['a wrong checksum', `${secretOf().slice(0, -1)}!`],
    ['a longer one', `${secretOf()}0`],
    ['a shorter one', secretOf().slice(0, -1)],
    ['a space after it', `${secretOf()} `],
    ['a line end after it', `${secretOf()}\n`],
    ['a space in it', secretOf('mt_', `${'0'.repeat(44)} `)],
    ['a letter past ASCII', secretOf('mt_', `${'0'.repeat(44)}\u0430`)],
    ['a JWT', 'eyJhbGciOiJSUzI1NiJ9.e30.AAAA'],
    ['no text', undefined],
    ['a list', [secretOf()]],
  ])('is malformed without a question if it is %s', async (_name, secret) => {
    const { verify, asked } = start()
    expect(await verify(secret as string)).toEqual({ active: false, reason: 'malformed' })
    expect(asked).toEqual([])
  })

  it('is malformed without a question if any one digit was changed', async () => {
    const { verify, asked } = start()
    const secret = secretOf()
    for (let at = 0; at < secret.length; at++) {
      const changed = secret.slice(0, at) + (secret[at] === 'x' ? 'y' : 'x') + secret.slice(at + 1)
      expect(await verify(changed)).toEqual({ active: false, reason: 'malformed' })
    }
    expect(asked).toEqual([])
  })
})

describe('a good answer', () => {
  it('is remembered for five seconds from when it was asked for, and not one millisecond longer', async () => {
    const { verify, asked, time, authority } = start()
    const secret = secretOf()
    const { answer } = authority
    authority.answer = () => {
      time.ms += 3_000
      return answer()
    }
    const first = await verify(secret)
    time.ms += 1_999
    expect(await verify(secret)).toBe(first)
    expect(asked).toHaveLength(1)
    authority.answer = () => Promise.resolve(fail(notFound))
    time.ms += 1
    expect(await verify(secret)).toEqual(NOT_ACTIVE)
    expect(asked).toHaveLength(2)
  })

  it("is not remembered past the token's own expiration", async () => {
    const { verify, asked, time, authority } = start()
    const secret = secretOf()
    const expiration = time.now + 100
    authority.answer = () => Promise.resolve(succeed({ subject: 'mch_a', expiration }))
    await verify(secret)
    time.now = expiration - 1
    await verify(secret)
    expect(asked).toHaveLength(1)
    time.now = expiration
    await verify(secret)
    expect(asked).toHaveLength(2)
  })

  it('is not remembered where everybody is to ask, not even while somebody asks', async () => {
    const { verify, asked } = start({ maxAgeMs: 0 })
    const secret = secretOf()
    await Promise.all([verify(secret), verify(secret)])
    await verify(secret)
    expect(asked).toHaveLength(3)
  })

  // Stops a flood of different tokens from costing each of them a walk through all that are remembered.
  it('makes room at the same cost however many are remembered', async () => {
    const { verify } = start({ cacheSize: 1_000 })
    await Promise.all(Array.from({ length: 1_000 }, () => verify(secretOf())))
    const steps = await countMapSteps(() => verify(secretOf()))
    expect(steps).toBeLessThan(100)
  })

  it('makes room for newer ones when there are too many, the oldest first', async () => {
    const { verify, asked } = start({ cacheSize: 2 })
    const [a, b, c] = [secretOf(), secretOf(), secretOf()]
    for (const secret of [a, b, c, b, c]) await verify(secret)
    expect(asked).toEqual([a, b, c])
    await verify(a)
    expect(asked).toEqual([a, b, c, a])
  })

  it('cannot be changed by one of those who get it', async () => {
    const { verify, authority } = start()
    authority.answer = () =>
      Promise.resolve(succeed({ subject: 'mch_a', expiration: null, scopes: ['mch_b'] }))
    const verdict = await verify(secretOf())
    expect(Object.isFrozen(verdict)).toBe(true)
    expect(verdict.active && Object.isFrozen(verdict.token) && Object.isFrozen(verdict.token.scopes)).toBe(
      true,
    )
  })
})

describe('one question', () => {
  it('is enough for all who present the same token at the same time, and is asked for each of different ones', async () => {
    const { verify, asked } = start()
    const [a, b] = [secretOf(), secretOf()]
    const verdicts = await Promise.all([...Array(50).fill(a), b].map((secret: string) => verify(secret)))
    expect(verdicts.every(({ active }) => active)).toBe(true)
    expect(asked.toSorted()).toEqual([a, b].toSorted())
  })

  // Stops an answer from before a revocation from being given to somebody who asks long after it.
  it('that takes longer than answers are remembered is not waited for by those who come later', async () => {
    const { verify, asked, time, authority } = start()
    const secret = secretOf()
    const { promise: slow, resolve } = Promise.withResolvers<Result<Token, CallError>>()
    authority.answer = () => slow
    const first = verify(secret)
    while (asked.length === 0) await new Promise((done) => setImmediate(done))
    time.ms += 5_000
    authority.answer = () => Promise.resolve(fail(notFound))
    expect(await verify(secret)).toEqual(NOT_ACTIVE)
    resolve(succeed({ subject: 'mch_a', expiration: null }))
    expect(await first).toMatchObject({ active: true })
    expect(await verify(secret)).toEqual(NOT_ACTIVE)
  })

  // Stops a revoked token from being called active by an answer whose question is older than is allowed.
  it('that takes too long for those who joined it late is asked once more, for all of them together', async () => {
    const { verify, asked, time, authority } = start()
    const secret = secretOf()
    const { promise: slow, resolve } = Promise.withResolvers<Result<Token, CallError>>()
    authority.answer = () => slow
    const first = verify(secret)
    while (asked.length === 0) await new Promise((done) => setImmediate(done))
    time.ms += 4_000
    const late = [verify(secret), verify(secret), verify(secret)]
    await new Promise((done) => setTimeout(done, 20))
    expect(asked).toHaveLength(1)
    time.ms += 1_000
    authority.answer = () => Promise.resolve(fail(notFound))
    resolve(succeed({ subject: 'mch_a', expiration: null }))
    expect(await first).toMatchObject({ active: true })
    expect(await Promise.all(late)).toEqual([NOT_ACTIVE, NOT_ACTIVE, NOT_ACTIVE])
    expect(asked).toHaveLength(2)
  })

  it('that takes long is enough for all who came before it was asked', async () => {
    const { verify, asked, time, authority } = start()
    const secret = secretOf()
    const { promise: slow, resolve } = Promise.withResolvers<Result<Token, CallError>>()
    authority.answer = () => slow
    const verdicts = [verify(secret), verify(secret), verify(secret)]
    await new Promise((done) => setTimeout(done, 20))
    time.ms += 60_000
    resolve(succeed({ subject: 'mch_a', expiration: null }))
    expect((await Promise.all(verdicts)).every(({ active }) => active)).toBe(true)
    expect(asked).toHaveLength(1)
  })

  it('that fails late does not make a newer answer be forgotten', async () => {
    const { verify, asked, time, authority } = start()
    const { answer } = authority
    const secret = secretOf()
    const { promise: slow, reject } = Promise.withResolvers<Result<Token, CallError>>()
    authority.answer = () => slow
    const first = verify(secret)
    while (asked.length === 0) await new Promise((done) => setImmediate(done))
    time.ms += 5_000
    authority.answer = answer
    await verify(secret)
    reject(notFound)
    await expect(first).rejects.toBe(notFound)
    await verify(secret)
    expect(asked).toHaveLength(2)
  })
})

describe('a bad answer', () => {
  it('is not remembered, so that a token that becomes active is', async () => {
    const { verify, asked, authority } = start()
    const { answer } = authority
    const secret = secretOf()
    authority.answer = () => Promise.resolve(fail(notFound))
    expect(await verify(secret)).toEqual(NOT_ACTIVE)
    authority.answer = answer
    expect(await verify(secret)).toMatchObject({ active: true })
    expect(asked).toHaveLength(2)
  })

  // F7: stops an outage, or a proxy's own page, from being read as an answer about a token.
  it.each<readonly [string, CallError]>([
    ['503', failure(503, 'service_unavailable')],
    ['500', failure(500)],
    ['429', failure(429, 'too_many_requests')],
    ['401', failure(401, 'machine_secret_key_invalid')],
    ['404 of a proxy', failure(404)],
    ['404 of something else', failure(404, 'machine_not_found')],
    ['404 of a path that is none', failure(404, 'resource_not_found', { reason: 'unknown_endpoint' })],
    ['410', failure(410, 'resource_not_found')],
    ['no answer', new ConnectionError('connection_failed', 'x')],
  ])('that says nothing about the token makes the call reject: %s', async (_name, error) => {
    const { verify, authority } = start()
    const { answer } = authority
    const secret = secretOf()
    authority.answer = () => Promise.resolve(fail(error))
    await expect(verify(secret)).rejects.toBe(error)
    authority.answer = () => Promise.reject(error)
    await expect(verify(secret)).rejects.toBe(error)
    authority.answer = answer
    expect(await verify(secret)).toMatchObject({ active: true })
  })
})
