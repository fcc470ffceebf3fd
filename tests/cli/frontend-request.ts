/** What a browser asks of a development server, whose certificate no browser knows. */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { request } from 'node:https'
import type { ServerProcess } from '../support/server-process.ts'

export interface FrontendAnswer {
  readonly status: number | undefined
  readonly headers: IncomingMessage['headers']
  readonly body: ReturnType<JSON['parse']>
}

/** @param form sent by POST, if there is one */
export async function askFrontend(
  { frontendUrl }: ServerProcess,
  path: string,
  { origin = frontendUrl!, form }: { origin?: string; form?: Readonly<Record<string, string>> } = {},
): Promise<FrontendAnswer> {
  const { host, hostname, port } = new URL(frontendUrl!)
  const asked = request({
    host: '127.0.0.1',
    port,
    path,
    method: form === undefined ? 'GET' : 'POST',
    // Not every system knows that names under localhost are this machine.
    servername: hostname,
    rejectUnauthorized: false,
    headers: {
      host,
      origin,
      ...(form && { 'content-type': 'application/x-www-form-urlencoded' }),
    },
  })
  asked.end(form && String(new URLSearchParams(form)))
  const [response] = (await once(asked, 'response')) as [IncomingMessage]
  const text = Buffer.concat(await response.toArray()).toString()
  return { status: response.statusCode, headers: response.headers, body: JSON.parse(text) }
}

/** Redeems the ticket of a link in a browser of its own. @returns the session that it opened */
export async function redeemLink(server: ServerProcess, link: string): Promise<string> {
  const { searchParams } = new URL(link)
  const ticket = searchParams.get('ticket') ?? searchParams.get('__clerk_ticket')!
  const form = { strategy: 'ticket', ticket }
  const { status, body } = await askFrontend(server, '/v1/client/sign_ins', { form })
  if (status !== 200) throw new Error(`The link was refused: ${JSON.stringify(body)}`)
  return body.response.created_session_id
}
