/** What may be a request body, for every operation that takes one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { edgeOf, expectRefusal, expectUnchanged } from './support.ts'
import { ABSENT_IDS, createWorld, samplesOf, type Sample, type World } from './world.ts'

const WITH_BODY = samplesOf(ABSENT_IDS).filter(({ body }) => body !== undefined)
const LIMIT = 65_536

let t: TestAuthority
let world: World

beforeAll(async () => {
  t = await startAuthority()
  world = await createWorld(t)
})
afterAll(() => t.close())

const keyFor = ({ callers }: Sample) =>
  callers === 'machine' ? world.issuer.secretKey : world.instance.secretKey

describe.each(WITH_BODY.map(({ name }) => name))('the body of %s', (name) => {
  const sample = () => samplesOf(world.ids).find((each) => each.name === name)!
  const send = (body: string | Uint8Array, headers: Record<string, string> = {}) => {
    const { method, path } = sample()
    return t.request(method, path, { key: keyFor(sample()), body, headers })
  }

  it.each([
    ['not JSON', 'x'],
    ['cut off', '{"name":"x"'],
    ['two texts', '{}{}'],
    ['followed by something', '{}x'],
    ['with a comma too many', '{"name":"x",}'],
    ['with a comment', '{/**/}'],
    ['with single quotes', "{'name':'x'}"],
    ['space only', '  \n'],
    ['a list', '[]'],
    ['a list of bodies', '[{}]'],
    ['a number', '1'],
    ['text', '"{}"'],
    ['true', 'true'],
    ['with a name twice', '{"name":"x","name":"y"}'],
    ['with a name twice, escaped', String.raw`{"name":"x","\u006eame":"y"}`],
    ['with a name twice, deep', '{"a":[{"b":{"c":1,"c":2}}]}'],
    ['of 33 levels', `{"a":${'['.repeat(32)}${']'.repeat(32)}}`],
    ['of 30,000 levels', '['.repeat(30_000) + ']'.repeat(30_000)],
    ['of 30,000 open levels', '{"a":'.repeat(10_000)],
    ['with 2,001 names', `{${Array.from({ length: 2001 }, (_, index) => `"n${index}":0`).join()}}`],
    ['with an infinite number', '{"a":1e400}'],
    ['with a number that would be rounded', '{"a":9007199254740993}'],
    ['with NaN', '{"a":NaN}'],
    ['with half of a surrogate pair', String.raw`{"a":"\ud83d"}`],
    ['with a raw control character', '{"a":"\u0001"}'],
  ])('is 400 if it is %s, and changes nothing', async (_what, body) => {
    expectRefusal(await expectUnchanged(t, () => send(body)), 400, 'request_body_invalid')
  })

  it.each([
    ['has a byte order mark', [0xef, 0xbb, 0xbf, 0x7b, 0x7d]],
    ['is UTF-16', [0x7b, 0, 0x7d, 0]],
    ['has a lone continuation byte', [0x7b, 0x22, 0x80, 0x22, 0x3a, 0x31, 0x7d]],
    ['has an overlong character', [0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]],
    ['has an encoded surrogate', [0x7b, 0x22, 0xed, 0xa0, 0x80, 0x22, 0x3a, 0x31, 0x7d]],
    ['ends within a character', [0x7b, 0x22, 0xe2, 0x82]],
    ['begins with a NUL', [0, 0x7b, 0x7d]],
  ])('is 400 if it %s', async (_what, bytes) => {
    const answer = await expectUnchanged(t, () => send(Uint8Array.from(bytes)))
    expectRefusal(answer, 400, 'request_body_invalid')
  })

  it('is 413 if it has a byte more than 64 KiB, whatever it says', async () => {
    for (const body of [' '.repeat(LIMIT + 1), 'x'.repeat(LIMIT * 4), `{"a":"${'ä'.repeat(LIMIT / 2)}"}`]) {
      const answer = await expectUnchanged(t, () => send(body))
      expectRefusal(answer, 413, 'request_body_too_large')
      expect(answer.headers.get('connection')).toBe('close')
    }
  })

  it('is read if it has 64 KiB', async () => {
    const { body } = sample()
    const answer = await expectUnchanged(t, () => send(`${JSON.stringify(body)}}`.padEnd(LIMIT)))
    expectRefusal(answer, 400, 'request_body_invalid')
  })

  it.each([
    'text/plain',
    'text/json',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/jsonp',
    'application/json+x',
    'application/json, text/plain',
    'application/json; charset=iso-8859-1',
    'application/json; charset=utf-16',
    'application/json; charset=utf-8; charset=utf-16',
    'application/json;x',
    'application/cbor',
    'x',
    '',
  ])('is 415 if its content type is "%s"', async (type) => {
    const answer = await expectUnchanged(t, () => send('{}', { 'content-type': type }))
    expectRefusal(answer, 415, 'unsupported_content_type')
  })

  it.each(['gzip', 'deflate', 'br', 'zstd', 'chunked', 'gzip, identity', 'x'])(
    'is 415 if its content encoding is "%s"',
    async (encoding) => {
      const answer = await expectUnchanged(t, () => send('{}', { 'content-encoding': encoding }))
      expectRefusal(answer, 415, 'unsupported_content_type')
    },
  )
})

describe('the content type of JSON', () => {
  const body = () => JSON.stringify({ token: world.ids.secret })
  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'application/json;charset=UTF-8',
    'application/json ; charset="utf-8"',
    'Application/JSON',
  ])('is understood as "%s"', async (type) => {
    const answer = await t.request('POST', '/v1/m2m_tokens/verify', {
      key: world.reader.secretKey,
      body: body(),
      headers: { 'content-type': type, 'content-encoding': 'identity' },
    })
    expect(answer.status).toBe(200)
  })

  it('may be left out', async () => {
    const answer = await edgeOf(t).web(
      new Request('http://127.0.0.1/m2m_tokens/verify', {
        method: 'POST',
        headers: { authorization: `Bearer ${world.reader.secretKey}` },
        body: new TextEncoder().encode(body()),
      }),
    )
    expect(answer.status).toBe(200)
  })

  it('may be sent with requests that have no body at all, as published clients do', async () => {
    for (const path of [
      '/v1/jwks',
      '/v1/machines',
      '/v1/users',
      `/v1/m2m_tokens?subject=${world.issuer.id}`,
    ]) {
      const answer = await t.request('GET', path, {
        key: world.instance.secretKey,
        headers: { 'content-type': 'application/json' },
      })
      expect(answer.status).toBe(200)
    }
  })
})

describe('a body that polluted objects would come from', () => {
  // Stops one request from changing what every later one sees (prototype pollution).
  it.each(WITH_BODY.map(({ name }) => name))('leaves no trace when sent to %s', async (name) => {
    const sample = samplesOf(world.ids).find((each) => each.name === name)!
    const pollution = '"__proto__":{"polluted":1,"isAdmin":true},"constructor":{"prototype":{"polluted":1}}'
    const inner = JSON.stringify(sample.body).slice(1, -1)
    const body = `{${pollution}${inner === '' ? '' : ','}${inner}}`
    const { status } = await t.request(sample.method, sample.path, { key: keyFor(sample), body })
    expect(status).toBeLessThan(500)
    expect([
      ({} as Record<string, unknown>).polluted,
      ([] as never as Record<string, unknown>).isAdmin,
    ]).toStrictEqual([undefined, undefined])
  })
})
