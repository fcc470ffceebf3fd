/** One call of each function for tokens: what it is given, what it should send, what it should return. */
import { expect } from 'vitest'
import { TEXT, type EveryCall } from './every-function.ts'

export const TOKEN_CALLS: readonly EveryCall[] = [
  {
    name: 'testingTokensCreate',
    method: 'testingTokens.create',
    args: () => [],
    sends: () => ({ method: 'POST', path: '/v1/testing_tokens' }),
    gives: () => ({ object: 'testing_token', token: TEXT, expiresAt: expect.any(Number) }),
  },
  {
    name: 'testingTokensCreate',
    method: 'testingTokens.createTestingToken',
    args: () => [],
    sends: () => ({ method: 'POST', path: '/v1/testing_tokens' }),
    gives: () => ({ object: 'testing_token' }),
  },
  {
    name: 'testingTokensCreate',
    method: 'testingTokens.create',
    args: () => [{ expiresInSeconds: 60, label: 'nightly', maxUses: 5 }],
    sends: () => ({
      method: 'POST',
      path: '/v1/testing_tokens',
      body: { expires_in_seconds: 60, label: 'nightly', max_uses: 5 },
    }),
    gives: () => ({ object: 'testing_token', token: TEXT }),
  },
  {
    name: 'testingTokensVerify',
    method: 'testingTokens.verify',
    args: async ({ client }) => [{ token: (await client.testingTokens.create()).token }],
    sends: (_, [fields]) => ({ method: 'POST', path: '/v1/testing_tokens/verify', body: fields }),
    gives: () => ({ object: 'testing_token', id: TEXT, expiresAt: expect.any(Number) }),
  },
  {
    name: 'actorTokensCreate',
    method: 'actorTokens.create',
    args: ({ user }) => [
      {
        userId: user,
        actor: { sub: 'user_1' },
        expiresInSeconds: 60,
        sessionMaxDurationInSeconds: 120,
        reason: 'cannot pay',
        ticket: 'T-1',
        permissions: ['read'],
      },
    ],
    sends: ({ user }) => ({
      method: 'POST',
      path: '/v1/actor_tokens',
      body: {
        user_id: user,
        actor: { sub: 'user_1' },
        expires_in_seconds: 60,
        session_max_duration_in_seconds: 120,
        reason: 'cannot pay',
        ticket: 'T-1',
        permissions: ['read'],
      },
    }),
    gives: ({ user }) => ({ object: 'actor_token', status: 'pending', userId: user, url: TEXT, token: TEXT }),
  },
  {
    name: 'actorTokensRevoke',
    method: 'actorTokens.revoke',
    args: async ({ client, user }) => {
      const { id } = await client.actorTokens.create({ userId: user, actor: { sub: 'user_1' } })
      return [{ actorTokenId: id }]
    },
    sends: (_, [{ actorTokenId }]) => ({ method: 'POST', path: `/v1/actor_tokens/${actorTokenId}/revoke` }),
    gives: (_, [{ actorTokenId }]) => ({ object: 'actor_token', id: actorTokenId, status: 'revoked' }),
  },
  {
    name: 'm2mCreateToken',
    method: 'm2m.createToken',
    args: () => [{ tokenFormat: 'jwt', secondsUntilExpiration: 60, claims: { a_b: 1 } }],
    sends: () => ({
      method: 'POST',
      path: '/v1/m2m_tokens',
      body: { token_format: 'jwt', seconds_until_expiration: 60, claims: { a_b: 1 } },
      key: 'machine',
    }),
    gives: ({ machine }) => ({ object: 'machine_to_machine_token', subject: machine.id, token: TEXT }),
  },
  {
    name: 'm2mListTokens',
    method: 'm2m.listTokens',
    args: ({ machine }) => [{ subject: machine.id, limit: 1, revoked: false, tokenFormat: 'jwt' }],
    sends: ({ machine }) => ({
      method: 'GET',
      path: `/v1/m2m_tokens?subject=${machine.id}&limit=1&revoked=false&token_format=jwt`,
      key: 'machine',
    }),
    gives: () => ({ data: expect.any(Array), totalCount: expect.any(Number) }),
  },
  {
    name: 'm2mListTokens',
    method: 'm2m.list',
    args: ({ machine }) => [{ subject: machine.id }],
    sends: ({ machine }) => ({
      method: 'GET',
      path: `/v1/m2m_tokens?subject=${machine.id}`,
      key: 'machine',
    }),
    gives: () => ({ data: expect.any(Array) }),
  },
  {
    name: 'm2mRevokeToken',
    method: 'm2m.revokeToken',
    args: async ({ client }) => [
      { m2mTokenId: (await client.m2m.createToken()).id, revocationReason: 'lost' },
    ],
    sends: (_, [{ m2mTokenId }]) => ({
      method: 'POST',
      path: `/v1/m2m_tokens/${m2mTokenId}/revoke`,
      body: { revocation_reason: 'lost' },
      key: 'machine',
    }),
    gives: (_, [{ m2mTokenId }]) => ({ id: m2mTokenId, revoked: true, revocationReason: 'lost' }),
  },
  {
    name: 'm2mRevokeAllTokens',
    method: 'm2m.revokeAllTokens',
    args: async ({ other }) => [{ subject: other.id, dryRun: true }],
    sends: ({ other }) => ({
      method: 'POST',
      path: '/v1/m2m_tokens/revoke_all',
      body: { subject: other.id, dry_run: true },
    }),
    gives: ({ other }) => ({ subject: other.id, dryRun: true, count: 0 }),
  },
  {
    name: 'm2mVerifyToken',
    method: 'm2m.verifyToken',
    args: async ({ client, other }) => [
      { token: (await client.m2m.createToken()).token, machineSecretKey: other.secretKey },
    ],
    sends: (_, [{ token }]) => ({
      method: 'POST',
      path: '/v1/m2m_tokens/verify',
      body: { token },
      key: 'other',
    }),
    gives: ({ machine }) => ({ object: 'machine_to_machine_token', subject: machine.id, revoked: false }),
  },
  {
    name: 'm2mVerifyToken',
    method: 'm2m.verify',
    args: async ({ client, other }) => [
      { secret: (await client.m2m.createToken()).token, machineSecretKey: other.secretKey },
    ],
    sends: (_, [{ secret }]) => ({
      method: 'POST',
      path: '/v1/m2m_tokens/verify',
      body: { secret },
      key: 'other',
    }),
    gives: () => ({ expired: false }),
  },
  {
    name: 'machineTokensCreate',
    method: 'machineTokens.create',
    args: ({ machine }) => [
      { machineId: machine.id, claims: { a_b: 1 }, expiresInSeconds: 60, allowedClockSkew: 0 },
    ],
    sends: ({ machine }) => ({
      method: 'POST',
      path: '/v1/machine_tokens',
      body: { machine_id: machine.id, claims: { a_b: 1 }, expires_in_seconds: 60, allowed_clock_skew: 0 },
    }),
    gives: () => ({ object: 'token', jwt: expect.stringMatching(/^ey/) }),
  },
]
