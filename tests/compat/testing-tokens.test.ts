import { createClerkClient } from '@clerk/backend'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Compat, refusalOf, refused, send, startCompat } from './support.ts'

let compat: Compat

beforeAll(async () => {
  compat = await startCompat()
})

afterAll(() => compat.close())

const HOUR = 3_600

describe('testingTokens.createTestingToken', () => {
  it('issues a token for an hour, told in seconds', async () => {
    const before = Math.floor(Date.now() / 1_000)
    // The client does not know this resource and hands on what the wire said, whatever its types promise.
    const issued: unknown = await compat.instance.testingTokens.createTestingToken()
    const after = Math.floor(Date.now() / 1_000)
    expect(issued).toEqual({
      object: 'testing_token',
      token: expect.stringMatching(/^\d{10}-c_[0-9A-Za-z]{41,}$/),
      expires_at: expect.toSatisfy(Number.isInteger),
    })
    const { token, expires_at } = issued as { token: string; expires_at: number }
    expect(expires_at).toBeGreaterThanOrEqual(before + HOUR)
    expect(expires_at).toBeLessThanOrEqual(after + HOUR)
    expect(token.split('-')[0]).toBe(String(expires_at - HOUR))
  })

  it('issues another token each time', async () => {
    const { testingTokens } = compat.instance
    const issued = await Promise.all(Array.from({ length: 5 }, () => testingTokens.createTestingToken()))
    expect(new Set(issued.map(({ token }) => token)).size).toBe(5)
  })

  it('takes no body, an empty one or an empty object', async () => {
    const key = compat.secretKey
    for (const body of [undefined, '', {}]) {
      const { status } = await send(compat.server, 'POST', '/v1/testing_tokens', { key, body })
      expect(status).toBe(200)
    }
  })

  it('refuses a key of no instance, and a machine’s', async () => {
    const { secretKey: machineKey } = await compat.machine()
    for (const secretKey of [`sk_test_${'0'.repeat(51)}`, 'sk_test_', machineKey]) {
      const { testingTokens } = createClerkClient({ apiUrl: compat.server.url, secretKey })
      expect(await refusalOf(testingTokens.createTestingToken())).toEqual(refused(401, 'clerk_key_invalid'))
    }
  })
})
