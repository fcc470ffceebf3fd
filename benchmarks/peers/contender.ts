/** One that issues and verifies opaque tokens over HTTP, and what is asked of each in the same way. */
import type { Measured } from '../processes.ts'

export interface Contender {
  readonly name: string
  readonly version: string
  /** Where its tokens are, and what has happened to a token before it is handed out. */
  readonly durability: string
  readonly server: Measured
  readonly port: number
  readonly issue: Post
  readonly issueStatus: number
  /** The opaque token in an answer to `issue`. */
  readonly tokenOf: (answer: Answer) => unknown
  readonly verify: (token: string) => Post
  /** Whether an answer to `verify` says that the token is good. */
  readonly isActive: (answer: Answer) => boolean
  /** Milliseconds in which it may still write about what it has answered. */
  readonly settleMs: number
  /** Ends its processes. */
  readonly stop: () => Promise<void>
}

/** Starts a contender that keeps what it must keep in this folder; or says in a sentence why there is none. */
export type Start = (folder: string) => Promise<Contender | string>

export interface Post {
  readonly path: string
  readonly authorization: string
  readonly type: 'application/json' | 'application/x-www-form-urlencoded'
  readonly body: string
}

type Answer = Readonly<Record<string, unknown>>

export const jsonPost = (path: string, key: string, body: unknown): Post => ({
  path,
  authorization: `Bearer ${key}`,
  type: 'application/json',
  body: JSON.stringify(body),
})

/** The request as it goes over the wire. */
export const bytesOf = ({ path, authorization, type, body }: Post): Buffer =>
  Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: ${authorization}\r\n` +
      `Content-Type: ${type}\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )

export async function send(port: number, { path, authorization, type, body }: Post): Promise<Answer> {
  const headers = { Authorization: authorization, 'Content-Type': type }
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', headers, body })
  return (await response.json()) as Answer
}

/** Issues live tokens as its clients would. */
export async function issueTokens(
  { name, port, issue, tokenOf }: Contender,
  count: number,
  atOnce: number,
): Promise<string[]> {
  const tokens: string[] = []
  while (tokens.length < count) {
    const batch = Array.from({ length: Math.min(atOnce, count - tokens.length) }, async () => {
      const token = tokenOf(await send(port, issue))
      if (typeof token !== 'string') throw new Error(`${name} issued no token.`)
      return token
    })
    tokens.push(...(await Promise.all(batch)))
  }
  return tokens
}

/** @throws {Error} if it does not know its own tokens, or takes another for one: its numbers would mean nothing */
export async function checkVerdicts(
  { name, port, verify, isActive }: Contender,
  tokens: readonly string[],
): Promise<void> {
  for (const token of tokens) {
    if (!isActive(await send(port, verify(token)))) throw new Error(`${name} refuses a live token.`)
  }
  const [first] = tokens
  const other = `${first!.slice(0, -6)}${first!.endsWith('AAAAAA') ? 'BBBBBB' : 'AAAAAA'}`
  if (isActive(await send(port, verify(other)))) throw new Error(`${name} takes any token for a live one.`)
}
