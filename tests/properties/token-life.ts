/** What callers can do to the tokens of one machine, and what a few lines of arithmetic say must come of it. */
import fc from 'fast-check'
import { expect } from 'vitest'
import type { Answer, TestAuthority } from '../support/authority.ts'

interface ModelToken {
  readonly id: string
  readonly secret: string
  /** A JWT is not good before the second it was issued in, which matters where the clock is set back. */
  readonly goodFrom: number
  readonly expiresAt: number | null
  readonly mayBeVerified: boolean
  revoked: boolean
}

export interface Model {
  readonly tokens: ModelToken[]
  readonly keys: { readonly secret: string; endsAt: number | null }[]
  scoped: boolean
  deleted: boolean
}

/** One machine that issues, another that may verify. */
export interface Real {
  readonly world: TestAuthority
  readonly issuer: string
  readonly verifier: { readonly id: string; readonly secretKey: string }
}

type By = 'verifier' | 'instance'
type Command = fc.AsyncCommand<Model, Real>

const isPast = (end: number | null, now: number) => end !== null && end <= now

const isActive = ({ revoked, expiresAt, goodFrom }: ModelToken, deleted: boolean, now: number) =>
  !revoked && !deleted && !isPast(expiresAt, now) && goodFrom <= now

const operatorKey = ({ world }: Real) => world.first.secretKey

const pickFrom = <T>(all: readonly T[], pick: number): T => all[pick % all.length]!

/** A command that is told by its name when a run fails. */
const command = (
  name: string,
  run: (model: Model, real: Real) => Promise<void>,
  check: (model: Readonly<Model>) => boolean = () => true,
): Command => ({ check, run, toString: () => name })

const withTokens = ({ tokens }: Readonly<Model>) => tokens.length > 0

function verify({ world, verifier }: Real, by: By, token: ModelToken): Promise<Answer> {
  const key = by === 'verifier' ? verifier.secretKey : world.first.secretKey
  return world.request('POST', '/v1/m2m_tokens/verify', { key, body: { token: token.secret } })
}

/** Every token is what the model says, to everybody. */
export async function checkAll({ tokens, deleted }: Model, real: Real): Promise<void> {
  for (const token of tokens) {
    const active = isActive(token, deleted, real.world.clock.now())
    expect((await verify(real, 'instance', token)).status).toBe(active ? 200 : 404)
    expect((await verify(real, 'verifier', token)).status).toBe(active && token.mayBeVerified ? 200 : 404)
  }
}

const issue = (pick: number, body: Record<string, unknown>): Command =>
  command(`issue(${pick}, ${JSON.stringify(body)})`, async (model, real) => {
    const { world } = real
    const now = world.clock.now()
    const key = pickFrom(model.keys, pick)
    const answer = await world.request('POST', '/v1/m2m_tokens', { key: key.secret, body })
    if (model.deleted || isPast(key.endsAt, now)) {
      expect(answer.status).toBe(401)
      return
    }
    expect(answer.status).toBe(201)
    const { id, token: secret, expiration } = answer.body
    const known = model.tokens.find((token) => token.id === id)
    if (known === undefined) {
      const goodFrom = body.token_format === 'jwt' ? Math.floor(now / 1000) * 1000 : 0
      model.tokens.push({
        id,
        secret,
        goodFrom,
        expiresAt: expiration,
        mayBeVerified: model.scoped,
        revoked: false,
      })
      return
    }
    expect(known.secret).toBe(secret)
    expect(isActive(known, model.deleted, now)).toBe(true)
    expect(known.mayBeVerified).toBe(model.scoped)
  })

const look = (pick: number, by: By): Command =>
  command(
    `verify(${pick}, ${by})`,
    async (model, real) => {
      const token = pickFrom(model.tokens, pick)
      const active = isActive(token, model.deleted, real.world.clock.now())
      const { status, body } = await verify(real, by, token)
      expect(status).toBe(active && (by === 'instance' || token.mayBeVerified) ? 200 : 404)
      if (status === 200) expect(body).toMatchObject({ id: token.id, revoked: false, expired: false })
    },
    withTokens,
  )

const revoke = (pick: number, byIssuer: boolean): Command =>
  command(
    `revoke(${pick}, ${byIssuer ? 'issuer' : 'instance'})`,
    async (model, real) => {
      const { world } = real
      const token = pickFrom(model.tokens, pick)
      const key = model.keys.at(-1)!
      const answer = await world.request('POST', `/v1/m2m_tokens/${token.id}/revoke`, {
        key: byIssuer ? key.secret : operatorKey(real),
        body: { revocation_reason: `revocation ${pick}` },
      })
      if (byIssuer && (model.deleted || isPast(key.endsAt, world.clock.now()))) {
        expect(answer.status).toBe(401)
        return
      }
      expect(answer.body).toMatchObject({ id: token.id, revoked: true })
      token.revoked = true
    },
    withTokens,
  )

const list = (): Command =>
  command('list', async (model, real) => {
    const { world, issuer } = real
    const query = `subject=${issuer}&revoked=true&expired=true&limit=100`
    const answers = await Promise.all(
      ['opaque', 'jwt'].map((format) =>
        world.request('GET', `/v1/m2m_tokens?${query}&token_format=${format}`, { key: operatorKey(real) }),
      ),
    )
    if (model.deleted) {
      expect(answers.map(({ status }) => status)).toEqual([404, 404])
      return
    }
    const listed = answers.flatMap(({ body }) => body.m2m_tokens as { id: string; revoked: boolean }[])
    const known = new Map(model.tokens.map(({ id, revoked }) => [id, revoked]))
    expect(new Map(listed.map(({ id, revoked }) => [id, revoked]))).toEqual(known)
  })

const setClock = (milliseconds: number): Command =>
  command(`clock(${milliseconds})`, async (_model, { world }) => world.clock.advance(milliseconds))

const rotate = (overlap: number): Command =>
  command(`rotate(${overlap})`, async (model, real) => {
    const { world, issuer } = real
    const { status, body } = await world.request('POST', `/v1/machines/${issuer}/secret_key/rotate`, {
      key: operatorKey(real),
      body: { previous_token_ttl: overlap },
    })
    expect(status).toBe(model.deleted ? 404 : 200)
    if (model.deleted) return
    model.keys.at(-1)!.endsAt = world.clock.now() + overlap * 1000
    model.keys.push({ secret: body.secret, endsAt: null })
  })

const setScope = (scoped: boolean): Command =>
  command(`scope(${scoped})`, async (model, real) => {
    const { world, issuer, verifier } = real
    const path = `/v1/machines/${issuer}/scopes`
    const key = operatorKey(real)
    const { status } = scoped
      ? await world.request('POST', path, { key, body: { to_machine_id: verifier.id } })
      : await world.request('DELETE', `${path}/${verifier.id}`, { key })
    const refused = scoped ? 409 : 404
    expect(status).toBe(model.deleted ? 404 : scoped === model.scoped ? refused : 200)
    if (status === 200) model.scoped = scoped
  })

const deleteIssuer = (): Command =>
  command('delete', async (model, real) => {
    const { status } = await real.world.request('DELETE', `/v1/machines/${real.issuer}`, {
      key: operatorKey(real),
    })
    expect(status).toBe(model.deleted ? 404 : 200)
    model.deleted = true
  })

const ISSUE_BODY = fc.record(
  {
    token_format: fc.constantFrom('opaque', 'jwt'),
    seconds_until_expiration: fc.constantFrom(null, 1, 10, 100),
    claims: fc.constantFrom({}, { a: 1, b: 2 }),
    min_remaining_ttl_seconds: fc.constantFrom(0, 5),
  },
  { requiredKeys: [] },
)

/** Issuing and looking come often, the end of the machine seldom: after it there is little left to do. */
export const COMMANDS = [
  ...Array.from({ length: 4 }, () =>
    fc
      .tuple(fc.constantFrom(0, 0, 1, 2), ISSUE_BODY)
      .filter(([, body]) => (body.min_remaining_ttl_seconds ?? 0) < (body.seconds_until_expiration ?? 9))
      .map(([pick, body]) => issue(pick, body)),
  ),
  ...Array.from({ length: 3 }, () =>
    fc.tuple(fc.nat(9), fc.constantFrom<By>('verifier', 'instance')).map((args) => look(...args)),
  ),
  ...Array.from({ length: 3 }, () => fc.tuple(fc.nat(9), fc.boolean()).map((args) => revoke(...args))),
  fc.constantFrom(1, 999, 1_000, 5_000, 100_000, -1, -3_000).map(setClock),
  fc.constantFrom(0, 5).map(rotate),
  fc.boolean().map(setScope),
  fc.constant(list()),
  fc.constantFrom(true, false, false).map((ends) => (ends ? deleteIssuer() : list())),
]
