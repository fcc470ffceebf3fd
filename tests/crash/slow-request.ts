/** A request that is sent in halves: it stays open for as long as a test likes. */
import { request, type Agent, type ClientRequest, type IncomingMessage } from 'node:http'
import { once } from 'node:events'
import type { ServerProcess } from '../support/server-process.ts'

export interface SlowRequest {
  /** Sends the rest. @returns the answer */
  finish(): Promise<{ status: number; connection: string | undefined; body: { id: string; token: string } }>
  /** Fulfilled when the server has cut it off. */
  readonly cut: Promise<Error>
}

const BODY = JSON.stringify({ token_format: 'opaque', claims: { sent: 'in halves' } })
const HALF = 20

/** Half of a request to issue an M2M token; the server has begun it when this is fulfilled. */
export async function startSlowIssue({ url, env }: ServerProcess): Promise<SlowRequest> {
  const sending = request(`${url}/v1/m2m_tokens`, {
    method: 'POST',
    agent: false,
    headers: {
      authorization: `Bearer ${env.CLERK_MACHINE_SECRET_KEY}`,
      'content-type': 'application/json',
      'content-length': BODY.length,
      // The server answers "100 Continue" as soon as it has the headers: then the request is open.
      expect: '100-continue',
    },
  })
  const cut = new Promise<Error>((resolve) => sending.once('error', resolve))
  sending.flushHeaders()
  await once(sending, 'continue')
  sending.write(BODY.slice(0, HALF))
  return {
    cut,
    async finish() {
      const answered = once(sending, 'response') as Promise<[IncomingMessage]>
      sending.end(BODY.slice(HALF))
      const [response] = await answered
      const text = Buffer.concat(await response.toArray()).toString()
      const { statusCode = 0, headers } = response
      return { status: statusCode, connection: headers.connection, body: JSON.parse(text) }
    },
  }
}

/** A GET on a connection that is kept. */
export async function get(url: string, agent: Agent): Promise<{ status: number; body: unknown }> {
  const sending: ClientRequest = request(url, { agent })
  sending.end()
  const [response] = (await once(sending, 'response')) as [IncomingMessage]
  const text = Buffer.concat(await response.toArray()).toString()
  return { status: response.statusCode ?? 0, body: JSON.parse(text) }
}
