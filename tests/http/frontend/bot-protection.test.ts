import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import {
  backendOf,
  BESIDE,
  expectRefused,
  startSite,
  type Backend,
  type Site,
  type SiteOptions,
} from './support.ts'

let site: Site
let backend: Backend
let service: Server | undefined

const start = async (options: SiteOptions) => {
  site = await startSite(options)
  backend = backendOf(site)
}

afterEach(async () => {
  service?.closeAllConnections()
  service?.close()
  service = undefined
  await site.close()
})

const attempt = (more: { address?: string; testingToken?: string; answer?: string; ticket?: string } = {}) =>
  site.ask({
    method: 'POST',
    path: `/v1/client/sign_ins${more.testingToken === undefined ? '' : `?__clerk_testing_token=${more.testingToken}`}`,
    headers: { origin: BESIDE, 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      strategy: 'ticket',
      ticket: more.ticket ?? 'none',
      ...(more.answer !== undefined && { captcha_token: more.answer }),
    }).toString(),
    ...(more.address !== undefined && { address: more.address }),
  })
const codeOf = async (...args: Parameters<typeof attempt>) => {
  const { status, body } = await attempt(...args)
  return `${status} ${body.errors?.[0].code ?? 'signed in'}`
}
const BAD_TICKET = '400 ticket_invalid_code'

describe('the limit on sign-ins', () => {
  it('is for each address by itself, and over after ten seconds', async () => {
    await start({ signInLimit: 2 })
    expect([await codeOf(), await codeOf()]).toEqual([BAD_TICKET, BAD_TICKET])
    const refused = await attempt()
    expectRefused(refused, 429, 'too_many_requests')
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await codeOf({ address: '198.51.100.1' })).toBe(BAD_TICKET)
    site.t.clock.advance(10_000)
    expect(await codeOf()).toBe(BAD_TICKET)
  })

  it('is lifted by a testing token, however often', async () => {
    await start({ signInLimit: 1 })
    await attempt()
    expect(await codeOf()).toMatch(/^429/)
    const { token } = await backend.call('POST', '/v1/testing_tokens')
    for (let time = 0; time < 20; time++) expect(await codeOf({ testingToken: token })).toBe(BAD_TICKET)
    expect(await codeOf()).toMatch(/^429/)
  })

  it('counts nothing that has no ticket', async () => {
    await start({ signInLimit: 1 })
    for (let time = 0; time < 3; time++) {
      const reply = await site.ask({
        method: 'POST',
        path: '/v1/client/sign_ins',
        headers: { origin: BESIDE },
      })
      expectRefused(reply, 422, 'form_param_missing')
    }
    expect(await codeOf()).toBe(BAD_TICKET)
  })
})

describe('a testing token', () => {
  it('that is not good says why, and is no 429', async () => {
    await start({ signInLimit: 1 })
    await attempt()
    const make = async (more: object = {}) => {
      const { token } = await backend.call('POST', '/v1/testing_tokens', more)
      const [{ id }] = (await backend.call('GET', '/v1/testing_tokens?limit=1')).data
      return { token, id }
    }
    const [expired, revoked, used] = [
      await make({ expires_in_seconds: 5 }),
      await make(),
      await make({ max_uses: 1 }),
    ]
    await backend.call('POST', `/v1/testing_tokens/${revoked.id}/revoke`)
    expect(await codeOf({ testingToken: used.token })).toBe(BAD_TICKET)
    site.t.clock.advance(6_000)
    expect(await codeOf({ testingToken: expired.token })).toBe('400 testing_token_expired')
    expect(await codeOf({ testingToken: revoked.token })).toBe('400 testing_token_revoked')
    expect(await codeOf({ testingToken: used.token })).toBe('400 testing_token_used_up')
    expect(await codeOf({ testingToken: 'x' })).toBe('400 testing_token_invalid')
    expect(await codeOf({ testingToken: `${expired.token}x` })).toBe('400 testing_token_invalid')
  })

  it('lets as many past as it may be used, of all who ask at once', async () => {
    await start({ signInLimit: 1 })
    await attempt()
    const { token } = await backend.call('POST', '/v1/testing_tokens', { max_uses: 3 })
    const codes = await Promise.all(Array.from({ length: 12 }, () => codeOf({ testingToken: token })))
    expect(codes.filter((code) => code === BAD_TICKET)).toHaveLength(3)
    expect(codes.filter((code) => code === '400 testing_token_used_up')).toHaveLength(9)
  })

  it('of another instance, or beside live people, lifts nothing', async () => {
    await start({ signInLimit: 1 })
    const live = await site.addLive()
    const { secretKey: key } = live.instance
    const refused = await site.t.request('POST', '/v1/testing_tokens', { key })
    expect([refused.status, refused.body.errors[0].code]).toEqual([400, 'request_invalid_for_environment'])
    const other = await site.t.addInstance()
    const { token } = await backendOf(site, other).call('POST', '/v1/testing_tokens')
    expect(await codeOf({ testingToken: token })).toBe('400 testing_token_invalid')
  })
})

describe('the challenge', () => {
  const answering = async (
    respond: (answer: string) => { status: number; body: string; location?: string },
  ) => {
    const asked: URLSearchParams[] = []
    service = createServer((request, response) => {
      let text = ''
      request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      request.once('end', () => {
        const fields = new URLSearchParams(text)
        asked.push(fields)
        const { status, body, location } = respond(fields.get('response') ?? '')
        response.writeHead(status, location === undefined ? {} : { location }).end(body)
      })
    }).listen(0, '127.0.0.1')
    await new Promise((resolve) => service!.once('listening', resolve))
    const verifyUrl = `http://127.0.0.1:${(service.address() as AddressInfo).port}/siteverify`
    await start({ challenge: { verifyUrl, secret: 'the-secret' } })
    return asked
  }
  const byAnswer = (answer: string) => ({
    status: 200,
    body: JSON.stringify({ success: answer === 'human' }),
  })

  it('is to be answered, and verified with the secret and the address', async () => {
    const asked = await answering(byAnswer)
    expect(await codeOf()).toBe('400 captcha_missing_token')
    expect(asked).toHaveLength(0)
    expect(await codeOf({ answer: 'robot' })).toBe('400 captcha_invalid')
    expect(await codeOf({ answer: 'human' })).toBe(BAD_TICKET)
    expect(Object.fromEntries(asked.at(-1)!)).toEqual({
      secret: 'the-secret',
      response: 'human',
      remoteip: '192.0.2.7',
    })
  })

  it('is lifted by a testing token', async () => {
    const asked = await answering(byAnswer)
    const { token } = await backend.call('POST', '/v1/testing_tokens')
    expect(await codeOf({ testingToken: token })).toBe(BAD_TICKET)
    expect(asked).toHaveLength(0)
  })

  // Stops an attacker from getting in by bringing down whoever verifies the answers.
  it.each([
    ['fails', { status: 500, body: '{"success":true}' }],
    ['says nothing that can be read', { status: 200, body: 'yes' }],
    ['leads elsewhere', { status: 302, body: '', location: 'http://127.0.0.1:9/' }],
  ])('lets nobody in while its service %s', async (_what, reply) => {
    await answering(() => reply)
    const { token: ticket } = await backend.signInToken(await backend.user())
    expectRefused(await attempt({ answer: 'human', ticket }), 503, 'service_unavailable')
  })

  it('lets nobody in while its service is not there', async () => {
    await start({ challenge: { verifyUrl: 'http://127.0.0.1:9/', secret: 's' } })
    expectRefused(await attempt({ answer: 'human' }), 503, 'service_unavailable')
    expect(JSON.stringify(site.events)).not.toContain('human')
  })

  it.each(['{}', '{"success":"true"}', '{"success":1}', 'null', '[]'])(
    'is not passed by %s',
    async (body) => {
      await answering(() => ({ status: 200, body }))
      const { status, body: told } = await attempt({ answer: 'human' })
      expect([400, 503]).toContain(status)
      expect(['captcha_invalid', 'service_unavailable']).toContain(told.errors[0].code)
    },
  )
})
