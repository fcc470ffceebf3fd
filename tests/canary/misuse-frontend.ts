/** One secret in every place of the Frontend API where it does not belong. */
import type { Recorder } from './recorder.ts'

const FORM = 'application/x-www-form-urlencoded'

export async function misuseFrontend(
  frontend: Recorder,
  origin: string,
  name: string,
  secret: string,
): Promise<void> {
  const { host } = new URL(origin)
  const send = (method: string, path: string, more: readonly string[] = [], body?: string) =>
    frontend.send(`${name}: ${method} ${path} ${more.join(' ').slice(0, 40)}`, {
      method,
      path,
      ...(body !== undefined && { body }),
      headers: [
        ...pair('host', host, more),
        ...pair('origin', origin, more),
        ...pair('content-type', FORM, more),
        ...more,
      ],
    })
  await Promise.all([
    ...[
      `/${secret}`,
      `/v1/client?${secret}`,
      `/v1/client?a=%ff${secret}`,
      `/v1/client?${secret}=1&${secret}=2`,
      `/v1/environment?_clerk_session_id=${secret}`,
      `/v1/client/sessions/${secret}/tokens`,
      `/v1/tickets/accept?ticket=${secret}x`,
      `/v1/tickets/accept?${secret}=1&${secret}=2`,
      `/v1/client/handshake?redirect_url=${secret}`,
      `/v1/client/handshake?redirect_url=https://evil.example/${secret}`,
      `/npm/@clerk/clerk-js@${secret}/dist/clerk.browser.js`,
      `/npm/@clerk/clerk-js@6/dist/${secret}.js`,
      `/.well-known/jwks.json?${secret}`,
    ].map((path) => send('GET', path)),
    ...[
      ['cookie', `__client=${secret}`],
      ['cookie', `__client=${secret}; __client=${secret}`],
      ['cookie', secret],
      ['origin', `https://${secret}`],
      ['host', secret],
      ['authorization', `Bearer ${secret}`],
      ['content-type', secret],
      [secret, secret],
    ].flatMap((header) => [
      send('GET', '/v1/client', header),
      send('DELETE', '/v1/client/sessions', header),
      send('POST', '/v1/client/sign_ins', header, 'strategy=ticket&ticket=x'),
    ]),
    ...[
      `strategy=ticket&ticket=${secret}x`,
      `strategy=${secret}&${secret}=1`,
      `ticket=${secret}&ticket=${secret}`,
      `ticket=${secret}%ff`,
      `{"strategy":"ticket","ticket":"${secret}"}`,
      secret,
      `strategy=ticket&ticket=x&captcha_token=${secret}`,
    ].map((body) => send('POST', '/v1/client/sign_ins', [], body)),
    send('POST', `/v1/client/sign_ins?__clerk_testing_token=${secret}x`, [], 'strategy=ticket&ticket=x'),
    send('POST', `/v1/tickets/accept?ticket=${secret}`),
    send('POST', `/v1/client/sign_ins?_method=${secret}`, [], 'strategy=ticket&ticket=x'),
  ])
  await frontend.sendRaw(`${name} broken`, `GET /${secret} HTTP/9.9\r\nHost: a\r\n\r\n`)
  await frontend.sendRaw(`${name} broken`, `${secret}\r\n\r\n`)
}

const pair = (name: string, value: string, given: readonly string[]): readonly string[] =>
  given.includes(name) ? [] : [name, value]
