/** What keeps bots from trying tickets, asked without a browser: the limit, and what testing tokens do to it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeFolder, startDev, type ServerProcess } from '../support/server-process.ts'
import { createUser, signInTicket } from './clerk-page.ts'
import { askFrontend, type FrontendAnswer } from './frontend-request.ts'
import { apiOf, type Api } from './world.ts'

/** Sign-ins of one address in ten seconds. */
const LIMIT = 5

let server: ServerProcess
let api: Api
let userId: string

beforeAll(async () => {
  server = await startDev({ flags: ['--frontend-port', '0'] })
  api = apiOf(server.url, server.env.CLERK_SECRET_KEY!)
  userId = await createUser(api)
})

afterAll(async () => {
  await server.stop()
  removeFolder(server.data)
})

/** @param testingToken as `@clerk/testing` sends it */
function signIn(ticket: string, testingToken?: string): Promise<FrontendAnswer> {
  const query = testingToken === undefined ? '' : `?__clerk_testing_token=${testingToken}`
  return askFrontend(server.frontendUrl!, `/v1/client/sign_ins${query}`, {
    method: 'POST',
    origin: server.frontendUrl!,
    form: { strategy: 'ticket', ticket },
  })
}

const codeOf = ({ status, body }: FrontendAnswer) => [status, body.errors?.[0].code ?? null]

async function testingToken(more: object = {}): Promise<string> {
  return (await api('POST', '/v1/testing_tokens', more)).body.token
}

/** Sends what is no ticket until it is refused for its number. @returns that refusal */
async function tripLimit(): Promise<FrontendAnswer> {
  for (let attempt = 0; attempt < 20 * LIMIT; attempt++) {
    const answer = await signIn('not-a-ticket')
    if (answer.status === 429) return answer
    expect(codeOf(answer)).toEqual([400, 'ticket_invalid_code'])
  }
  throw new Error('The limit was never met.')
}

describe('the limit on sign-ins', () => {
  it('refuses with 429 and says when to come back, and the ticket stays good', async () => {
    const { status, headers, body } = await tripLimit()
    expect([status, body.errors[0].code]).toEqual([429, 'too_many_requests'])
    expect(Number(headers['retry-after'])).toBeGreaterThanOrEqual(1)
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(10)
    const { id } = await signInTicket(api, userId)
    expect((await api('POST', `/v1/sign_in_tokens/${id}/revoke`)).body.status).toBe('revoked')
  })

  it('lets pages read the refusal', async () => {
    const { headers } = await tripLimit()
    expect(headers['access-control-allow-origin']).toBe(server.frontendUrl)
    expect(headers['access-control-expose-headers']).toContain('Retry-After')
  })

  it('counts an address, and a page cannot give itself another', async () => {
    await tripLimit()
    const asked = {
      method: 'POST',
      origin: server.frontendUrl!,
      form: { strategy: 'ticket', ticket: 'not-a-ticket' },
      headers: { 'x-forwarded-for': '192.0.2.7', forwarded: 'for=192.0.2.7', 'x-real-ip': '192.0.2.7' },
    }
    const answers = await Promise.all(
      Array.from({ length: 2 * LIMIT }, () => askFrontend(server.frontendUrl!, '/v1/client/sign_ins', asked)),
    )
    expect(answers.some(({ status }) => status === 429)).toBe(true)
  })
})

describe('a testing token', () => {
  it('lets sign-ins past the limit, as often as there are', async () => {
    const token = await testingToken()
    await tripLimit()
    for (let attempt = 0; attempt < 3 * LIMIT; attempt++) {
      const { body } = await signIn((await signInTicket(api, userId)).token, token)
      expect(body.response).toMatchObject({ status: 'complete' })
    }
    expect(codeOf(await tripLimit())).toEqual([429, 'too_many_requests'])
  })

  it('opens nothing by itself', async () => {
    const token = await testingToken()
    expect(codeOf(await signIn('not-a-ticket', token))).toEqual([400, 'ticket_invalid_code'])
    const { id, token: ticket } = await signInTicket(api, userId)
    await api('POST', `/v1/sign_in_tokens/${id}/revoke`)
    expect(codeOf(await signIn(ticket, token))).toEqual([400, 'sign_in_token_revoked_code'])
  })

  it('is refused by a code of its own when it is not good, and not by 429', async () => {
    const [expired, revoked, used] = await Promise.all([
      testingToken({ expires_in_seconds: 1 }),
      testingToken({ label: 'revoked' }),
      testingToken({ max_uses: 2 }),
    ])
    const { data } = (await api('GET', '/v1/testing_tokens')).body as {
      readonly data: readonly { readonly id: string; readonly label: string | null }[]
    }
    const { id } = data.find(({ label }) => label === 'revoked')!
    await api('POST', `/v1/testing_tokens/${id}/revoke`)
    await new Promise((resolve) => setTimeout(resolve, 1_100))
    await tripLimit()
    const attempt = async (token: string) => codeOf(await signIn('not-a-ticket', token))
    const forged = `${used.slice(0, -1)}${used.endsWith('A') ? 'B' : 'A'}`
    for (const token of [forged, '', '1795319368-c_guessed', server.env.CLERK_SECRET_KEY!]) {
      expect(await attempt(token)).toEqual([400, 'testing_token_invalid'])
    }
    expect(await attempt(expired)).toEqual([400, 'testing_token_expired'])
    expect(await attempt(revoked)).toEqual([400, 'testing_token_revoked'])
    expect(await attempt(used)).toEqual([400, 'ticket_invalid_code'])
    expect(await attempt(used)).toEqual([400, 'ticket_invalid_code'])
    expect(await attempt(used)).toEqual([400, 'testing_token_used_up'])
  })

  it('that is not good lets nobody past', async () => {
    const { id, token } = await signInTicket(api, userId)
    expect(codeOf(await signIn(token, 'guessed'))).toEqual([400, 'testing_token_invalid'])
    expect((await api('POST', `/v1/sign_in_tokens/${id}/revoke`)).body.status).toBe('revoked')
  })
})
