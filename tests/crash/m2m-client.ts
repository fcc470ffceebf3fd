/** Calls the M2M routes of a server that may die, or be full, at any moment. */
import type { ServerProcess } from '../support/server-process.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // Tests look into answers as clients do: without knowing their type.
  // oxlint-disable-next-line typescript/no-explicit-any -- its type is what is being tested
  readonly body: any
}

export type Format = 'opaque' | 'jwt'

export interface M2mClient {
  /** Each is `null` if the connection ended before the whole answer was there: then nothing is acknowledged. */
  issue(format?: Format): Promise<Answer | null>
  revoke(id: string, reason?: string): Promise<Answer | null>
  verify(token: string): Promise<Answer | null>
}

export function createM2mClient({ url, env }: Pick<ServerProcess, 'url' | 'env'>): M2mClient {
  const worker = env.CLERK_MACHINE_SECRET_KEY!
  const api = env.MINTMARK_API_MACHINE_SECRET_KEY!

  async function post(path: string, key: string, body: object): Promise<Answer | null> {
    try {
      const response = await fetch(url + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      const { status, headers } = response
      return { status, headers, body: await response.json() }
    } catch {
      return null
    }
  }

  return {
    issue: (format = 'opaque') => post('/v1/m2m_tokens', worker, { token_format: format }),
    revoke: (id, reason = 'test') =>
      post(`/v1/m2m_tokens/${id}/revoke`, worker, { revocation_reason: reason }),
    verify: (token) => post('/v1/m2m_tokens/verify', api, { token }),
  }
}
