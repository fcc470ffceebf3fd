import { verifyToken } from '@clerk/backend'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Compat, createOtherInstance, readJwt, refusalOf, refused, startCompat } from './support.ts'

let compat: Compat
let other: Awaited<ReturnType<typeof createOtherInstance>>
let userId: string

beforeAll(async () => {
  // `dev` takes any user for known; here they are told apart as in production.
  compat = await startCompat(['--accept-unknown-users', 'false'])
  userId = (await compat.instance.users.createUser({ emailAddress: ['user@example.com'] })).id
  other = await createOtherInstance(compat.server)
})

afterAll(() => compat.close())

const UNKNOWN_USER = `user_${'0'.repeat(27)}`
const create = (more: object = {}) =>
  compat.instance.actorTokens.create({ userId, actor: { sub: 'user_operator' }, ...more })

describe('actorTokens.create', () => {
  it('issues a pending token with the link that redeems it', async () => {
    const before = Date.now()
    const issued = await create()
    expect(issued).toEqual({
      id: expect.stringMatching(/^act_\w{27}$/),
      status: 'pending',
      userId,
      actor: { sub: 'user_operator' },
      token: expect.stringMatching(/^[\w-]+\.[\w-]+\.[\w-]+$/),
      url: `${compat.server.url}/v1/tickets/accept?ticket=${issued.token}`,
      createdAt: expect.any(Number),
      updatedAt: issued.createdAt,
    })
    expect(issued.createdAt).toBeGreaterThanOrEqual(before)
    expect(issued.createdAt).toBeLessThanOrEqual(Date.now())
  })

  it('links to the frontend of the instance that issued it', async () => {
    const user = await other.instance.users.createUser({ emailAddress: ['user@example.com'] })
    const { url, token } = await other.instance.actorTokens.create({
      userId: user.id,
      actor: { sub: 'user_operator' },
    })
    expect(url).toBe(`${other.frontendOrigin}/v1/tickets/accept?ticket=${token}`)
  })

  it('keeps the actor as it was given, inner names included', async () => {
    // The client's types want extra properties in a key of that name, and send it as it stands.
    const actor = {
      sub: 'cli:op@example.com',
      iss: 'cli',
      additionalProperties: { ticketNumber: 7, a_b: [] },
    }
    expect(await create({ actor })).toMatchObject({ actor })
  })

  it('writes a ticket of the lifetime that was asked for, an hour if none was', async () => {
    for (const [more, seconds] of [[{}, 3_600] as const, [{ expiresInSeconds: 90 }, 90] as const]) {
      const { id, token, createdAt } = await create(more)
      expect(readJwt(token!)).toEqual({
        header: { alg: 'RS256', typ: 'JWT' },
        payload: {
          eis: seconds,
          exp: Math.floor(createdAt / 1_000) + seconds,
          iid: compat.server.env.MINTMARK_INSTANCE_ID,
          sid: id,
          st: 'actor_token',
        },
      })
    }
  })

  it('writes a ticket that nobody can take for a session', async () => {
    const { token } = await create()
    const { CLERK_JWT_KEY: jwtKey } = compat.server.env
    await expect(verifyToken(token!, { jwtKey: jwtKey! })).rejects.toMatchObject({
      reason: expect.stringMatching(/^token-invalid/),
    })
  })

  it('refuses a user that the instance does not have', async () => {
    expect(await refusalOf(create({ userId: UNKNOWN_USER }))).toEqual(refused(404, 'resource_not_found'))
  })

  it('refuses a malformed request, naming the parameter', async () => {
    const cases: readonly (readonly [object, string, string])[] = [
      [{ userId: undefined }, 'form_param_missing', 'user_id'],
      [{ actor: undefined }, 'form_param_missing', 'actor'],
      [{ actor: { iss: 'no sub' } }, 'form_param_missing', 'actor.sub'],
      [{ expiresInSeconds: 0 }, 'form_param_value_invalid', 'expires_in_seconds'],
      [{ expiresInSeconds: 1.5 }, 'form_param_type_invalid', 'expires_in_seconds'],
      [{ sessionMaxDurationInSeconds: -1 }, 'form_param_value_invalid', 'session_max_duration_in_seconds'],
      [{ unheardOf: 1 }, 'form_param_unknown', 'unheard_of'],
    ]
    for (const [more, code, paramName] of cases) {
      expect(await refusalOf(create(more))).toEqual(refused(422, code, { paramName }))
    }
  })
})

describe('actorTokens.revoke', () => {
  it('revokes a pending token and shows its secrets no more', async () => {
    const { token: _token, url: _url, ...issued } = await create()
    const revoked = await compat.instance.actorTokens.revoke(issued.id)
    expect(revoked).toEqual({
      ...issued,
      status: 'revoked',
      updatedAt: expect.any(Number),
      token: undefined,
      url: undefined,
    })
    expect(revoked.updatedAt).toBeGreaterThanOrEqual(issued.updatedAt)
  })

  it('refuses a token that is not pending any more', async () => {
    const { id } = await create()
    await compat.instance.actorTokens.revoke(id)
    expect(await refusalOf(compat.instance.actorTokens.revoke(id))).toEqual(
      refused(400, 'actor_token_cannot_be_revoked_code'),
    )
  })

  it('refuses an unknown id, and that of another instance’s token', async () => {
    const { id } = await create()
    for (const each of [id, `act_${'0'.repeat(27)}`, 'impt_older_form']) {
      expect(await refusalOf(other.instance.actorTokens.revoke(each))).toEqual(
        refused(404, 'resource_not_found'),
      )
    }
    await expect(compat.instance.actorTokens.revoke(id)).resolves.toMatchObject({ status: 'revoked' })
  })
})

describe('actorTokens.create for users that the authority does not keep', () => {
  it('accepts any user id where the operator says so', async () => {
    const open = await startCompat(['--accept-unknown-users', 'true'])
    const { actorTokens } = open.instance
    const actor = { sub: 'user_operator' }
    expect(await actorTokens.create({ userId: UNKNOWN_USER, actor })).toMatchObject({ userId: UNKNOWN_USER })
    await open.close()
  })
})
