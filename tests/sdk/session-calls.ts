/** As `token-calls.ts`, for sessions and what opens them. */
import { expect } from 'vitest'
import { TEXT, type EveryCall, type World } from './every-function.ts'

/** A function that makes what another call needs. */
const freshActorToken = async ({ client, user }: World) => ({
  actorTokenId: (await client.actorTokens.create({ userId: user, actor: { sub: 'user_1' } })).id,
})
const freshSession = async ({ client, user }: World) => ({
  sessionId: (await client.sessions.create({ userId: user })).id,
})
const freshTestingToken = async ({ client }: World) => {
  await client.testingTokens.create({ label: 'fresh' })
  const [newest] = (await client.testingTokens.list()).data
  return { testingTokenId: newest!.id }
}

export const SESSION_CALLS: readonly EveryCall[] = [
  {
    name: 'actorTokensList',
    method: 'actorTokens.list',
    args: async (world) => {
      await freshActorToken(world)
      return [{ userId: world.user, status: 'pending', limit: 1, offset: undefined }]
    },
    sends: ({ user }) => ({
      method: 'GET',
      path: `/v1/actor_tokens?user_id=${user}&status=pending&limit=1`,
    }),
    gives: ({ user }) => ({
      data: [{ userId: user, status: 'pending', reason: null, session: null, expiresAt: expect.any(Number) }],
      totalCount: expect.any(Number),
    }),
  },
  {
    name: 'actorTokensList',
    method: 'actorTokens.list',
    args: () => [],
    sends: () => ({ method: 'GET', path: '/v1/actor_tokens' }),
    gives: () => ({ data: expect.any(Array) }),
  },
  {
    name: 'actorTokensGet',
    method: 'actorTokens.get',
    args: async ({ client, user }) => {
      const { id } = await client.actorTokens.create({
        userId: user,
        actor: { sub: 'user_1', on_behalf_of: 'x' },
        reason: 'cannot pay',
        ticket: 'T-1',
        permissions: ['read'],
      })
      return [{ actorTokenId: id }]
    },
    sends: (_, [{ actorTokenId }]) => ({ method: 'GET', path: `/v1/actor_tokens/${actorTokenId}` }),
    gives: (_, [{ actorTokenId }]) => ({
      object: 'actor_token',
      id: actorTokenId,
      actor: { sub: 'user_1', on_behalf_of: 'x' },
      reason: 'cannot pay',
      ticket: 'T-1',
      permissions: ['read'],
      sessionMaxDurationInSeconds: 1800,
    }),
  },
  {
    name: 'actorTokensEnd',
    method: 'actorTokens.end',
    args: async (world) => [{ ...(await freshActorToken(world)), reason: 'done' }],
    sends: (_, [{ actorTokenId }]) => ({
      method: 'POST',
      path: `/v1/actor_tokens/${actorTokenId}/end`,
      body: { reason: 'done' },
    }),
    gives: (_, [{ actorTokenId }]) => ({ id: actorTokenId, status: 'revoked', session: null }),
  },
  {
    name: 'signInTokensCreate',
    method: 'signInTokens.create',
    args: ({ user }) => [{ userId: user, expiresInSeconds: 60 }],
    sends: ({ user }) => ({
      method: 'POST',
      path: '/v1/sign_in_tokens',
      body: { user_id: user, expires_in_seconds: 60 },
    }),
    gives: ({ user }) => ({
      object: 'sign_in_token',
      status: 'pending',
      userId: user,
      url: TEXT,
      token: TEXT,
    }),
  },
  {
    name: 'signInTokensRevoke',
    method: 'signInTokens.revoke',
    args: async ({ client, user }) => [
      { signInTokenId: (await client.signInTokens.create({ userId: user })).id },
    ],
    sends: (_, [{ signInTokenId }]) => ({
      method: 'POST',
      path: `/v1/sign_in_tokens/${signInTokenId}/revoke`,
    }),
    gives: (_, [{ signInTokenId }]) => ({ object: 'sign_in_token', id: signInTokenId, status: 'revoked' }),
  },
  {
    name: 'sessionsList',
    method: 'sessions.list',
    args: async (world) => {
      await freshSession(world)
      return [{ userId: world.user, status: 'active', limit: 1 }]
    },
    sends: ({ user }) => ({
      method: 'GET',
      path: `/v1/sessions?user_id=${user}&status=active&limit=1&paginated=true`,
    }),
    gives: ({ user }) => ({
      data: [{ object: 'session', userId: user, latestActivity: { ipAddress: '192.0.2.1' } }],
      totalCount: expect.any(Number),
    }),
  },
  {
    name: 'sessionsList',
    method: 'sessions.list',
    args: () => [],
    sends: () => ({ method: 'GET', path: '/v1/sessions?paginated=true' }),
    gives: () => ({ data: expect.any(Array), totalCount: expect.any(Number) }),
  },
  {
    name: 'sessionsCreate',
    method: 'sessions.create',
    args: ({ user }) => [{ userId: user }],
    sends: ({ user }) => ({ method: 'POST', path: '/v1/sessions', body: { user_id: user } }),
    gives: ({ user }) => ({ object: 'session', userId: user, status: 'active', actor: null }),
  },
  {
    name: 'sessionsGet',
    method: 'sessions.get',
    args: async (world) => [await freshSession(world)],
    sends: (_, [{ sessionId }]) => ({ method: 'GET', path: `/v1/sessions/${sessionId}` }),
    gives: (_, [{ sessionId }]) => ({
      id: sessionId,
      expireAt: expect.any(Number),
      abandonAt: expect.any(Number),
    }),
  },
  {
    name: 'sessionsRevoke',
    method: 'sessions.revoke',
    args: async (world) => [await freshSession(world)],
    sends: (_, [{ sessionId }]) => ({ method: 'POST', path: `/v1/sessions/${sessionId}/revoke` }),
    gives: (_, [{ sessionId }]) => ({ id: sessionId, status: 'revoked' }),
  },
  {
    name: 'sessionsCreateToken',
    method: 'sessions.createToken',
    args: async (world) => [{ ...(await freshSession(world)), expiresInSeconds: 30 }],
    sends: (_, [{ sessionId }]) => ({
      method: 'POST',
      path: `/v1/sessions/${sessionId}/tokens`,
      body: { expires_in_seconds: 30 },
    }),
    gives: () => ({ object: 'token', jwt: expect.stringMatching(/^ey/) }),
  },
  {
    name: 'sessionsRefresh',
    method: 'sessions.refresh',
    args: async ({ signIn }) => {
      const { sessionId, refreshToken, token } = await signIn()
      const requestHeaders = { 'User-Agent': ['a_b'] }
      const about = { requestOrigin: 'https://app.example.com', requestHeaders }
      return [{ sessionId, expiredToken: await token(), refreshToken, ...about }]
    },
    sends: (_, [{ sessionId, expiredToken, refreshToken }]) => ({
      method: 'POST',
      path: `/v1/sessions/${sessionId}/refresh`,
      body: {
        expired_token: expiredToken,
        refresh_token: refreshToken,
        request_origin: 'https://app.example.com',
        request_headers: { 'User-Agent': ['a_b'] },
      },
    }),
    gives: () => ({ object: 'token', jwt: expect.stringMatching(/^ey/) }),
  },
  {
    name: 'sessionsRefresh',
    method: 'sessions.refresh',
    args: async ({ signIn }) => {
      const { sessionId, refreshToken, token } = await signIn()
      const about = { requestOrigin: 'https://app.example.com', format: 'cookie' }
      return [{ sessionId, expiredToken: await token(), refreshToken, ...about }]
    },
    sends: (_, [{ sessionId, expiredToken, refreshToken }]) => ({
      method: 'POST',
      path: `/v1/sessions/${sessionId}/refresh`,
      body: {
        expired_token: expiredToken,
        refresh_token: refreshToken,
        request_origin: 'https://app.example.com',
        format: 'cookie',
      },
    }),
    gives: () => ({
      object: 'cookies',
      cookies: expect.arrayContaining([expect.stringMatching(/^__session=ey/)]),
    }),
  },
  {
    name: 'sessionsVerifyToken',
    method: 'sessions.verifyToken',
    args: async (world) => {
      const { jwt } = await world.client.sessions.createToken(await freshSession(world))
      return [{ token: jwt }]
    },
    sends: (_, [fields]) => ({ method: 'POST', path: '/v1/sessions/verify', body: fields }),
    gives: ({ user }) => ({ object: 'session', userId: user, status: 'active' }),
  },
  {
    name: 'testingTokensList',
    method: 'testingTokens.list',
    args: async (world) => {
      await freshTestingToken(world)
      return [{ limit: 1 }]
    },
    sends: () => ({ method: 'GET', path: '/v1/testing_tokens?limit=1' }),
    gives: () => ({
      data: [{ object: 'testing_token', id: TEXT, label: 'fresh', maxUses: null, uses: 0, revokedAt: null }],
      totalCount: expect.any(Number),
    }),
  },
  {
    name: 'testingTokensGet',
    method: 'testingTokens.get',
    args: async (world) => [await freshTestingToken(world)],
    sends: (_, [{ testingTokenId }]) => ({ method: 'GET', path: `/v1/testing_tokens/${testingTokenId}` }),
    gives: (_, [{ testingTokenId }]) => ({ id: testingTokenId, label: 'fresh' }),
  },
  {
    name: 'testingTokensRevoke',
    method: 'testingTokens.revoke',
    args: async (world) => [await freshTestingToken(world)],
    sends: (_, [{ testingTokenId }]) => ({
      method: 'POST',
      path: `/v1/testing_tokens/${testingTokenId}/revoke`,
    }),
    gives: (_, [{ testingTokenId }]) => ({ id: testingTokenId, revokedAt: expect.any(Number) }),
  },
]
