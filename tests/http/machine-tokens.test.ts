import { createLocalJWKSet, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { verifyMachineToken } from '../../packages/server/src/tokens/machine-tokens/verify.ts'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { ABSENT, expectRefusal, expectSuccess, expectUnchanged, NOON, readJwt } from './support.ts'

let t: TestAuthority

beforeAll(async () => {
  t = await startAuthority()
})
afterAll(() => t.close())

const create = (more: object = {}) =>
  t.request('POST', '/v1/machine_tokens', {
    key: t.first.secretKey,
    body: { machine_id: 'mch_billing', ...more },
  })
const payloadOf = async (more: object) => readJwt(expectSuccess(await create(more)).jwt).payload

describe('issuing a machine token', () => {
  it('answers 200 with a JWT and nothing else', async () => {
    expect(expectSuccess(await create())).toStrictEqual({
      object: 'token',
      jwt: expect.stringMatching(/^ey[\w-]+\.[\w-]+\.[\w-]+$/),
    })
  })

  it('writes the header and the claims that are known of machine tokens', async () => {
    const { header, payload } = readJwt(expectSuccess(await create({ claims: { role: 'worker' } })).jwt)
    expect(header).toStrictEqual({
      alg: 'RS256',
      typ: 'JWT',
      cat: 'cl_B7d4PD333AAA',
      kid: t.first.instance.id,
    })
    expect(payload).toStrictEqual({
      role: 'worker',
      exp: NOON / 1000 + 30,
      iat: NOON / 1000,
      iss: 'http://127.0.0.1:4100',
      jti: expect.stringMatching(/^[0-9a-f]{20}$/),
      nbf: NOON / 1000 - 5,
      sub: 'mch_billing',
    })
  })

  it('signs it with a key that the instance publishes', async () => {
    const { jwt } = expectSuccess(await create())
    const { body } = await t.request('GET', '/v1/jwks', { key: t.first.secretKey })
    const { payload } = await jwtVerify(jwt, createLocalJWKSet(body), {
      currentDate: new Date(NOON),
      subject: 'mch_billing',
    })
    expect(payload.iss).toBe('http://127.0.0.1:4100')
  })

  it.each([
    [{ expires_in_seconds: null, allowed_clock_skew: null, claims: null }, 30, 5],
    [{ expires_in_seconds: 30, allowed_clock_skew: 0 }, 30, 0],
    [{ expires_in_seconds: 315_360_000, allowed_clock_skew: 300 }, 315_360_000, 300],
    [{ claims: {}, expires_in_seconds: 3600, allowed_clock_skew: 5 }, 3600, 5],
  ])('with %o lives %d seconds from now and %d before', async (more, lifetime, skew) => {
    const { iat, exp, nbf } = await payloadOf(more)
    expect([exp - iat, iat - nbf]).toStrictEqual([lifetime, skew])
  })

  it('puts claims at the top level as they came', async () => {
    const claims = { camelCase: { Inner_Key: [1, null] }, aud: ['a'], scopes: 'x', none: null }
    expect(await payloadOf({ claims })).toMatchObject(claims)
  })

  it('needs no machine that is known, and keeps nothing but an audit event', async () => {
    expect((await payloadOf({ machine_id: ABSENT.machine })).sub).toBe(ABSENT.machine)
    const [event] = await t.authority.storage.read.audit.newest(1)
    expect(event).toMatchObject({ action: 'machine_token.issue', reason: `for ${ABSENT.machine}` })
  })

  // Stops a caller from writing itself another subject, issuer or end.
  it.each(['iss', 'sub', 'exp', 'nbf', 'iat', 'jti', 'Sub', 'EXP'])(
    'is 400 for the reserved claim %s',
    async (name) => {
      const answer = await expectUnchanged(t, () => create({ claims: { [name]: 'mine', role: 'worker' } }))
      expectRefusal(answer, 400, 'machine_token_reserved_claim', 'claims')
      expect(answer.body.errors[0]).toMatchObject({
        message: 'reserved claim used',
        long_message: `You can't use the reserved claim: '${name.toLowerCase()}'`,
      })
    },
  )

  it.each([
    ['machine_id', 'form_param_missing', { machine_id: undefined }],
    ['machine_id', 'form_param_nil', { machine_id: null }],
    ['machine_id', 'form_param_type_invalid', { machine_id: 7 }],
    ['machine_id', 'form_param_format_invalid', { machine_id: '' }],
    ['machine_id', 'form_param_format_invalid', { machine_id: 'mch_' }],
    ['machine_id', 'form_param_format_invalid', { machine_id: 'user_1' }],
    ['machine_id', 'form_param_format_invalid', { machine_id: 'mch_a-b' }],
    ['machine_id', 'form_param_format_invalid', { machine_id: 'mch_a\n' }],
    ['machine_id', 'form_param_format_invalid', { machine_id: 'mch_ä' }],
    ['machine_id', 'form_param_max_length_exceeded', { machine_id: `mch_${'a'.repeat(93)}` }],
    ['claims', 'form_param_value_invalid', { claims: [] }],
    ['claims', 'form_param_value_invalid', { claims: 'x' }],
    ['claims', 'form_param_value_invalid', { claims: { a: 'x'.repeat(16_384) } }],
    ['expires_in_seconds', 'form_param_value_invalid', { expires_in_seconds: 29 }],
    ['expires_in_seconds', 'form_param_value_invalid', { expires_in_seconds: -1 }],
    ['expires_in_seconds', 'form_param_value_too_large', { expires_in_seconds: 315_360_001 }],
    ['expires_in_seconds', 'form_param_type_invalid', { expires_in_seconds: 30.5 }],
    ['expires_in_seconds', 'form_param_type_invalid', { expires_in_seconds: '60' }],
    ['allowed_clock_skew', 'form_param_value_invalid', { allowed_clock_skew: -1 }],
    ['allowed_clock_skew', 'form_param_value_too_large', { allowed_clock_skew: 301 }],
    ['allowed_clock_skew', 'form_param_type_invalid', { allowed_clock_skew: 0.5 }],
  ])('refuses a bad %s with 422 %s: %o', async (param, code, more) => {
    expectRefusal(await expectUnchanged(t, () => create(more)), 422, code, param)
  })

  it('takes an id of a machine of 96 characters', async () => {
    const machine_id = `mch_${'aB3_'.repeat(23)}`
    expect((await payloadOf({ machine_id })).sub).toBe(machine_id)
  })

  it('is good from the second of its skew to the second of its end', async () => {
    const { jwt } = expectSuccess(await create({ allowed_clock_skew: 2 }))
    const verdictAt = async (seconds: number) => {
      t.clock.advance(seconds * 1000)
      const verdict = await verifyMachineToken(t.authority.deps, t.first.instance.id, jwt)
      t.clock.advance(-seconds * 1000)
      return verdict.active ? 'active' : verdict.reason
    }
    expect(await verdictAt(-3)).toBe('not_yet_valid')
    expect(await verdictAt(-2)).toBe('active')
    expect(await verdictAt(29.999)).toBe('active')
    expect(await verdictAt(30)).toBe('expired')
  })
})

describe('the category of machine tokens', () => {
  it('is that of old where the operator says so, and is then still verified here', async () => {
    const legacy = await startAuthority({ machineJwtCategory: 'legacy' })
    const [key, body] = [legacy.first.secretKey, { machine_id: 'mch_billing' }]
    const { jwt } = expectSuccess(await legacy.request('POST', '/v1/machine_tokens', { key, body }))
    expect(readJwt(jwt).header.cat).toBe('cl_B7d4PD222AAA')
    const verdict = await verifyMachineToken(legacy.authority.deps, legacy.first.instance.id, jwt)
    expect(verdict).toMatchObject({ active: true, token: { subject: 'mch_billing' } })
    await legacy.close()
  })
})
