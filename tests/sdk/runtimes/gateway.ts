/** One origin for every runtime: the authority, servers that misbehave, and a page under a strict policy. */
import { readFileSync } from 'node:fs'
import { request as forward, type IncomingMessage, type ServerResponse } from 'node:http'
import { startServer, TESTING_TOKEN, type MisbehavingServer } from '../support.ts'

const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self'"
const JSON_TYPE = { 'content-type': 'application/json' }

export interface GatewayOptions {
  /** Of the authority; below `/api` here. */
  readonly authority: string
  /** A file; `/page.js` here. */
  readonly script: string
  /** Answers `/given`, for the page. */
  readonly given: () => unknown
}

export async function startGateway({ authority, script, given }: GatewayOptions): Promise<MisbehavingServer> {
  const attempts = new Map<string, number>()

  /** Good only to a key that came for the third time. */
  function flaky(request: IncomingMessage, response: ServerResponse): void {
    const key = String(request.headers['idempotency-key'])
    const attempt = (attempts.get(key) ?? 0) + 1
    attempts.set(key, attempt)
    response.writeHead(attempt < 3 ? 503 : 200, JSON_TYPE)
    response.end(JSON.stringify(attempt < 3 ? {} : TESTING_TOKEN))
  }

  function drip(_: IncomingMessage, response: ServerResponse): void {
    response.writeHead(200, JSON_TYPE)
    const timer = setInterval(() => response.write(' '), 10)
    response.on('close', () => clearInterval(timer))
  }

  const PLACES: Readonly<Record<string, (request: IncomingMessage, response: ServerResponse) => void>> = {
    '/api/': (request, response) => pass(authority, request, response),
    '/fault/flaky/': flaky,
    '/fault/drip/': drip,
    '/fault/hang/': () => {},
    '/fault/cut/': (_, response) => void response.socket!.destroy(),
    '/fault/moved/': (_, response) => void response.writeHead(302, { location: '/api/v1/jwks' }).end(),
    '/fault/page/': (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>'),
    '/page.js': (_, response) =>
      void response.writeHead(200, { 'content-type': 'text/javascript' }).end(readFileSync(script)),
    '/given': (_, response) => void response.writeHead(200, JSON_TYPE).end(JSON.stringify(given())),
    '/': (_, response) =>
      void response
        .writeHead(200, { 'content-type': 'text/html', 'content-security-policy': POLICY })
        .end('<!doctype html><script type="module" src="/page.js"></script>'),
  }

  return startServer((request, response) => {
    const [, answer] = Object.entries(PLACES).find(([place]) => request.url!.startsWith(place))!
    answer(request, response)
  })
}

function pass(authority: string, request: IncomingMessage, response: ServerResponse): void {
  const { method, headers } = request
  const onward = forward(
    authority + request.url!.slice('/api'.length),
    { method, headers: { ...headers, host: new URL(authority).host } },
    (answer) => {
      response.writeHead(answer.statusCode!, answer.headers)
      answer.pipe(response)
    },
  )
  onward.on('error', () => response.destroy())
  request.pipe(onward)
}
