/** What the tests of signing keys do with them: asked over HTTP, and looked at in the JWTs that they sign. */
import { expect } from 'vitest'
import { verifyMachineToken } from '../../packages/server/src/tokens/machine-tokens/verify.ts'
import type { Answer, TestAuthority, TestInstance } from '../support/authority.ts'
import { edgeOf, expectSuccess, readJwt } from './support.ts'

export const DAY = 86_400

/** One JWT of each kind, which live longer than any overlap, and the keys that signed them. */
export interface Issued {
  readonly kids: readonly string[]
  readonly m2mJwt: string
  readonly machineToken: string
}

/** What the verifiers of both kinds say. */
export const GOOD = ['active', 'active']
export const BAD = ['bad_signature', 'bad_signature']

export function signingKeyClient(t: TestAuthority, of: TestInstance = t.first) {
  const { instance, secretKey: key } = of
  const post = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
    t.request('POST', path, { key, body, headers })
  const ask = (body?: unknown, headers?: Record<string, string>) =>
    post('/v1/signing_keys/rotate', body, headers)
  const kidsIn = ({ keys }: Answer['body']): string[] => keys.map(({ kid }: { kid: string }) => kid)

  async function list(): Promise<Answer['body'][]> {
    const answer = await t.request('GET', '/v1/signing_keys', { key })
    const { data, total_count, ...rest } = expectSuccess(answer)
    expect(rest).toStrictEqual({})
    expect(total_count).toBe(data.length)
    return data
  }

  return {
    list,
    states: async () => (await list()).map(({ id, state }) => [id, state]),
    ask,
    rotate: async (body?: unknown): Promise<Answer['body']> => expectSuccess(await ask(body), 201),
    revoke: (id: string) => post(`/v1/signing_keys/${id}/revoke`),

    /** The published kids, which are the same with a key and without. */
    async published(): Promise<string[]> {
      const ours = expectSuccess(await t.request('GET', '/v1/jwks', { key }))
      const { host } = new URL(t.authority.deps.frontendOriginOf(instance))
      const { body } = await edgeOf(t).raw({ path: '/.well-known/jwks.json', headers: { host } })
      expect(body).toStrictEqual(ours)
      return kidsIn(ours)
    },

    async issue(): Promise<Issued> {
      const { id, secretKey } = await t.machine(of)
      const life = 3_600 * DAY
      const m2m = { token_format: 'jwt', seconds_until_expiration: life }
      const m2mJwt = (await t.request('POST', '/v1/m2m_tokens', { key: secretKey, body: m2m })).body.token
      const { jwt: machineToken } = (
        await post('/v1/machine_tokens', { machine_id: id, expires_in_seconds: life })
      ).body
      return { kids: [m2mJwt, machineToken].map((jwt) => readJwt(jwt).header.kid), m2mJwt, machineToken }
    },

    /** What verifies them says: `active`, or why not. */
    async verdicts({ m2mJwt, machineToken }: Issued): Promise<string[]> {
      const { status, body } = await post(
        '/v1/m2m_tokens/verify',
        { token: m2mJwt },
        { 'mintmark-explain': '1' },
      )
      const verdict = await verifyMachineToken(t.authority.deps, instance.id, machineToken)
      return [
        status === 200 ? 'active' : body.errors[0].meta.reason,
        verdict.active ? 'active' : verdict.reason,
      ]
    },

    /** The rotations and revocations in the audit log. */
    async events() {
      const all = await t.authority.storage.read.audit.newest(100)
      return all.filter(({ action }) => /^signing_key\.(?:rotate|revoke)$/.test(action))
    },
  }
}
