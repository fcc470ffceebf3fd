/** JWTs that somebody made up or changed, presented where an M2M token is verified. */
import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { publicPemOf } from '../../packages/server/src/signing/signing-key.ts'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { expectRefusal, expectSuccess, readJwt, shapeOf } from './support.ts'
import { createWorld, type World } from './world.ts'

let t: TestAuthority
let world: World
/** The instance's own signing key: with it even a text that is not ours has a good signature. */
let own: KeyObject
let ticketKey: KeyObject
let pem: string
let header: Record<string, unknown>
let payload: Record<string, unknown>

beforeAll(async () => {
  t = await startAuthority()
  world = await createWorld(t)
  const { keys, read } = t.authority.deps
  own = (await keys.signing(world.instance.instance.id, 'token')).key
  ticketKey = (await keys.signing(world.instance.instance.id, 'ticket')).key
  const all = await read.signingKeys.keysOf(world.instance.instance.id)
  pem = publicPemOf(all.find(({ use }) => use === 'token')!)
  ;({ header, payload } = readJwt(world.tokens.m2mJwt))
})
afterAll(() => t.close())

const verify = (token: string) =>
  t.request('POST', '/v1/m2m_tokens/verify', { key: world.instance.secretKey, body: { token } })
const encode = (part: unknown) =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url')
const input = (changedHeader: unknown, changedPayload: unknown) =>
  `${encode(changedHeader)}.${encode(changedPayload)}`
const signed = (changedHeader: unknown, changedPayload: unknown, key: KeyObject = own) => {
  const text = input(changedHeader, changedPayload)
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`
}

async function expectRefused(tokens: Readonly<Record<string, string>>): Promise<void> {
  const unlike = shapeOf(await verify('x'))
  const accepted: string[] = []
  for (const [what, token] of Object.entries(tokens)) {
    const answer = await verify(token)
    expectRefusal(answer, 404, 'resource_not_found')
    if (shapeOf(answer) !== unlike) accepted.push(what)
  }
  expect(accepted).toStrictEqual([])
}

describe('a forged JWT', () => {
  it('is told from a token that is signed anew without a change, which is good', async () => {
    expectSuccess(await verify(signed(header, payload)))
  })

  // Stops a token without a signature, and one whose signature the caller chose the algorithm of.
  it('is refused whatever algorithm it names', async () => {
    const [body] = [input({ ...header, alg: 'none' }, payload)]
    const names = [
      'none',
      'None',
      'NONE',
      '',
      'HS256',
      'RS384',
      'PS256',
      'ES256',
      'EdDSA',
      'rs256',
      1,
      null,
      ['RS256'],
    ]
    await expectRefused({
      empty: `${body}.`,
      without: body,
      short: `${body}.AA`,
      missing: signed({ ...header, alg: undefined }, payload),
      ...Object.fromEntries(names.map((alg) => [String(alg), signed({ ...header, alg }, payload)])),
    })
  })

  // Stops the public key from being used as a shared secret (algorithm confusion).
  it('is refused if its signature is a MAC under the public key', async () => {
    const secrets = [
      pem,
      pem.trim(),
      `\n${pem}`,
      Buffer.from(pem.split('\n').slice(1, -2).join(''), 'base64'),
    ]
    for (const alg of ['HS256', 'RS256']) {
      const text = input({ ...header, alg }, payload)
      for (const secret of secrets) {
        const mac = createHmac('sha256', secret).update(text).digest('base64url')
        await expectRefused({ [alg]: `${text}.${mac}` })
      }
    }
  })

  // Stops a caller from choosing the key, or from using the key lookup to reach files, tables and prototypes.
  it('is refused whatever key it names', async () => {
    const foreign = await createWorld(t, await t.addInstance())
    const all = await t.authority.deps.read.signingKeys.keysOf(world.instance.instance.id)
    const kids: unknown[] = [
      undefined,
      null,
      '',
      1,
      [world.instance.instance.id],
      { id: world.instance.instance.id },
      foreign.instance.instance.id,
      all.find(({ use }) => use === 'ticket')!.id,
      `${world.instance.instance.id} `,
      world.instance.instance.id.toUpperCase(),
      '../../etc/passwd',
      "' OR 1=1--",
      '\0',
      '__proto__',
      'constructor',
      'x'.repeat(10_000),
    ]
    await expectRefused(
      Object.fromEntries(kids.map((kid, index) => [index, signed({ ...header, kid }, payload)])),
    )
  })

  it('is refused if another key signed it', async () => {
    const foreign = await createWorld(t, await t.addInstance())
    const { keys } = t.authority.deps
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const theirs = (await keys.signing(foreign.instance.instance.id, 'token')).key
    await expectRefused({
      stranger: signed(header, payload, stranger),
      foreign: signed(header, payload, theirs),
      ticket: signed(header, payload, ticketKey),
    })
  })

  // Stops a token from bringing its own key or its own rules.
  it.each(['jwk', 'jku', 'x5u', 'x5c', 'x5t', 'x5t#S256', 'crit', 'b64', 'zip', 'enc'])(
    'is refused if its header has %s, even empty',
    async (name) => {
      const [first, ...rest] = ['', null, [], {}, ['exp'], false, 'https://127.0.0.1/keys'].map((value) =>
        signed({ ...header, [name]: value }, payload),
      )
      await expectRefused(Object.fromEntries([first!, ...rest].entries()))
    },
  )

  it('is refused if its header says another type or category', async () => {
    const changes = [
      { typ: 'at+jwt' },
      { typ: 'jwt' },
      { typ: null },
      { typ: ['JWT'] },
      { cat: undefined },
      { cat: null },
      { cat: 'cl_B7d4PD111AAA' },
      { cat: 'cl_B7d4PD222AAA' },
      { cat: ['cl_B7d4PD333AAA'] },
    ]
    await expectRefused(
      Object.fromEntries(changes.map((change, index) => [index, signed({ ...header, ...change }, payload)])),
    )
  })

  it('is refused if its claims are not those of a token that was issued', async () => {
    const changes = [
      { jti: 'mt_33333333333333333333333333333333' },
      { jti: undefined },
      { jti: 1 },
      { jti: world.ids.m2mToken },
      { sub: undefined },
      { sub: 'user_1' },
      { sub: ['mch_1'] },
      { nbf: 4_000_000_000 },
    ]
    await expectRefused(
      Object.fromEntries(changes.map((change, index) => [index, signed(header, { ...payload, ...change })])),
    )
  })

  // Stops dates that one reader takes for far away and another for nothing.
  it.each(['exp', 'nbf', 'iat'])('is refused if its %s is not a plain date', async (name) => {
    const { [name]: _date, ...rest } = payload
    const dates = ['1e400', '-1', '1.5', '1e21', '"4000000000"', 'true', 'null', '[]', '9007199254740993']
    const texts = dates.map((date) => signed(header, `{"${name}":${date},${JSON.stringify(rest).slice(1)}`))
    await expectRefused(Object.fromEntries(texts.entries()))
  })

  // Stops two readers from seeing two tokens in one text (RFC 7515 section 10.12).
  it('is refused if its JSON has more than one reading', async () => {
    const [headerText, payloadText] = [JSON.stringify(header), JSON.stringify(payload)]
    const alg = headerText.replace('{', '{"alg":"none",')
    await expectRefused({
      'header name twice': signed(alg, payload),
      'claim twice': signed(header, payloadText.replace('{', '{"sub":"mch_x",')),
      'claim twice, escaped': signed(header, payloadText.replace('{', String.raw`{"\u0073ub":"mch_x",`)),
      'byte order mark': signed(header, `\uFEFF${payloadText}`),
      'two texts': signed(header, `${payloadText}{}`),
      list: signed(header, '[]'),
      deep: signed(header, '['.repeat(20_000)),
    })
  })

  // Stops one token from having many texts, each of which escapes a revocation by text.
  it('is refused in every spelling but its own', async () => {
    const good = world.tokens.m2mJwt
    const [h = '', p = '', s = ''] = good.split('.')
    const last = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
    const nudged =
      s.slice(0, -1) + last[(last.indexOf(s.at(-1)!) & ~15) | ((last.indexOf(s.at(-1)!) + 1) & 15)]
    await expectRefused({
      'other unused bits': `${h}.${p}.${nudged}`,
      padding: `${good}==`,
      space: `${good} `,
      'space before': ` ${good}`,
      tab: `${good}\t`,
      line: `${good}\n`,
      'escaped space': `${good}%20`,
      'dot after': `${good}.`,
      'four parts': `${good}.AA`,
      'two parts': `${h}.${p}`,
      'empty payload': `${h}..${s}`,
      'standard alphabet': good.replaceAll('-', '+').replaceAll('_', '/'),
      truncated: good.slice(0, -4),
    })
  })
})
