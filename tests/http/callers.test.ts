/** Who may call what, for every operation: no key, garbage, keys of the wrong kind, keys that have ended. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type Answer, type TestAuthority } from '../support/authority.ts'
import { edgeOf, expectRefusal, expectUnchanged, shapeOf } from './support.ts'
import { ABSENT_IDS, badKeyCode, createWorld, samplesOf, type Sample, type World } from './world.ts'

let t: TestAuthority
let elsewhere: TestAuthority
let world: World
/** Keys that were good once, or would be somewhere else. */
let endedKeys: Record<string, string>

beforeAll(async () => {
  ;[t, elsewhere] = await Promise.all([startAuthority(), startAuthority()])
  world = await createWorld(t)
  const deleted = await t.machine(t.first)
  await t.request('DELETE', `/v1/machines/${deleted.id}`, { key: t.first.secretKey })
  const rotated = await t.machine(t.first)
  const rotate = (previous_token_ttl: number) =>
    t.request('POST', `/v1/machines/${rotated.id}/secret_key/rotate`, {
      key: t.first.secretKey,
      body: { previous_token_ttl },
    })
  const overlapping = (await rotate(0)).body.secret
  await rotate(60)
  t.clock.advance(60_000)
  const { secretKey } = t.first
  const other = (letter: string) => (letter === 'x' ? 'y' : 'x')
  endedKeys = {
    'of a deleted machine': deleted.secretKey,
    'rotated at once': rotated.secretKey,
    'rotated, past its overlap': overlapping,
    'of another authority': elsewhere.first.secretKey,
    'of a machine of another authority': (await elsewhere.machine(elsewhere.first)).secretKey,
    'changed in its last letter': secretKey.slice(0, -1) + other(secretKey.at(-1)!),
    'changed in its middle': secretKey.slice(0, 30) + other(secretKey[30]!) + secretKey.slice(31),
    'one letter short': secretKey.slice(0, -1),
    'one letter long': `${secretKey}0`,
    'of the other environment': secretKey.replace('sk_test_', 'sk_live_'),
    'of a machine, called an instance’s': world.issuer.secretKey.replace('ak_', 'sk_test_'),
    'of an instance, called a machine’s': secretKey.replace('sk_test_', 'ak_'),
    'in other letters': secretKey.toUpperCase(),
    'without its prefix': secretKey.replace('sk_test_', ''),
    'a prefix alone': 'sk_test_',
    'a machine’s prefix alone': 'ak_',
    'the documented example': 'sk_test_1234567890',
    'the id of the instance': t.first.instance.id,
    'the id of a machine': world.issuer.id,
    SQL: "sk_test_'or'1'='1",
    'a JavaScript property': '__proto__',
    'very long': `sk_test_${'x'.repeat(10_000)}`,
  }
})
afterAll(async () => {
  await Promise.all([t.close(), elsewhere.close()])
})

const send = ({ method, path, body }: Sample, headers: Record<string, string>) =>
  t.request(method, path, { body, headers })

describe.each(samplesOf(ABSENT_IDS).map(({ name }) => name))('%s', (name) => {
  const sample = () => samplesOf(world.ids).find((each) => each.name === name)!

  it('is 401 without an Authorization header of the one form, and changes nothing', async () => {
    const { secretKey } = world.instance
    const answers = await expectUnchanged(t, async () => {
      const all: Answer[] = [await send(sample(), {})]
      for (const authorization of [
        '',
        'Bearer',
        secretKey,
        `Basic ${Buffer.from(`${secretKey}:`).toString('base64')}`,
        `Token ${secretKey}`,
        `Bearer${secretKey}`,
        `Bearer  ${secretKey}`,
        `Bearer\t${secretKey}`,
        `Bearer ${secretKey} x`,
        `Bearer ${secretKey}, Bearer ${secretKey}`,
        `Bearer Bearer ${secretKey}`,
        `Bearer: ${secretKey}`,
      ]) {
        all.push(await send(sample(), { authorization }))
      }
      return all
    })
    for (const answer of answers) expectRefusal(answer, 401, 'authorization_header_format_invalid')
    expect(new Set(answers.map((answer) => shapeOf(answer))).size).toBe(1)
  })

  // Stops a key from being taken from where proxies and browsers write addresses down.
  it('does not take a key from the query, the body or another header', async () => {
    const { secretKey } = world.instance
    const { method, path, body } = sample()
    const query = `${path}${path.includes('?') ? '&' : '?'}authorization=Bearer%20${secretKey}`
    const answer = await t.request(method, query, {
      body: body && { ...body, authorization: `Bearer ${secretKey}`, secret_key: secretKey },
      headers: {
        'x-authorization': `Bearer ${secretKey}`,
        cookie: `__session=${secretKey}`,
        'x-api-key': secretKey,
      },
    })
    expectRefusal(answer, 401, 'authorization_header_format_invalid')
  })

  it('is 401 for every key that is not good, with one answer for all, and changes nothing', async () => {
    const answers = await expectUnchanged(t, () =>
      Promise.all(Object.values(endedKeys).map((key) => send(sample(), { authorization: `Bearer ${key}` }))),
    )
    for (const answer of answers) expectRefusal(answer, 401, badKeyCode(sample()))
    expect(new Set(answers.map((answer) => shapeOf(answer))).size).toBe(1)
    const texts = JSON.stringify(answers.map(({ body }) => body))
    for (const key of Object.values(endedKeys).filter((each) => each.length > 20))
      expect(texts).not.toContain(key)
  })

  it('is 401 for a good key of the other kind, exactly as for a bad one', async () => {
    const { callers } = sample()
    if (callers === 'instance or machine') return
    const key = callers === 'machine' ? world.instance.secretKey : world.issuer.secretKey
    const answer = await expectUnchanged(t, () => send(sample(), { authorization: `Bearer ${key}` }))
    expectRefusal(answer, 401, badKeyCode(sample()))
    const bad = await send(sample(), { authorization: 'Bearer sk_test_1234567890' })
    expect(shapeOf(answer)).toBe(shapeOf(bad))
  })

  // Stops a stranger from learning how a request is checked, or from making the server read his body.
  it('looks at nothing else of a request before it knows the caller', async () => {
    const { method, path } = sample()
    const answer = await t.request(method, `${path.split('?')[0]}?limit=x&limit=y`, {
      ...(method !== 'GET' && { body: 'x'.repeat(100_000) }),
      headers: { 'content-type': 'text/plain' },
    })
    expectRefusal(answer, 401, 'authorization_header_format_invalid')
  })
})

describe('the name of the scheme', () => {
  it.each(['Bearer', 'bearer', 'BEARER', 'bEaReR'])(
    'is read in any case, as RFC 9110 says: %s',
    async (scheme) => {
      const authorization = `${scheme} ${world.instance.secretKey}`
      expect((await t.request('GET', '/v1/jwks', { headers: { authorization } })).status).toBe(200)
    },
  )
})

describe('an Authorization header that is sent twice', () => {
  // Stops two programs on the way from taking one request for that of two callers.
  it('is 401, even if both say the same', async () => {
    const headers = { authorization: `Bearer ${world.instance.secretKey}` }
    const answer = await edgeOf(t).raw({
      path: '/v1/jwks',
      headers,
      repeated: (name) => name === 'authorization',
    })
    expectRefusal(answer, 401, 'authorization_header_format_invalid')
  })
})
