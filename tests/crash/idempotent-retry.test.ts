/** What a retry under the same Idempotency-Key gets from a server that was killed meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeFolder, startDev, temporaryFolder, type ServerProcess } from '../support/server-process.ts'
import { readTokenRecords } from './token-records.ts'

const KILLS = 6
const CLIENTS = 8
/** Each kill takes a second at most on a slow machine; this only ends what hangs. */
const LONGEST_MS = 60_000

interface Attempt {
  readonly idempotencyKey: string
  readonly format: 'opaque' | 'jwt'
  /** `null` as long as nobody was told of one. */
  token: string | null
}

const data = temporaryFolder()
const attempts: Attempt[] = []
const wrong: string[] = []
let unanswered = 0
let server: ServerProcess

beforeAll(async () => {
  for (let round = 0; round < KILLS; round++) {
    server = await startDev({ data })
    const begun = attempts.length
    await killUnderLoad()
    server = await startDev({ data })
    await retryAll(attempts.slice(begun))
    await server.stop()
  }
  server = await startDev({ data })
}, LONGEST_MS)

afterAll(async () => {
  await server.stop()
  removeFolder(data)
})

describe(`a server that is killed ${KILLS} times while clients send requests with keys`, () => {
  it('is killed before some answers were sent', () => {
    expect(unanswered).toBeGreaterThan(KILLS)
  })

  it('gives each retry the token that its client was told of, or one that it was not', () => {
    expect(wrong).toEqual([])
    expect(new Set(attempts.map(({ token }) => token)).size).toBe(attempts.length)
  })

  it('has made one token for each key, with one event', () => {
    const { tokens, halves, integrity } = readTokenRecords(data)
    expect({ count: tokens.size, halves, integrity }).toEqual({
      count: attempts.length,
      halves: [],
      integrity: 'ok',
    })
  })

  it('still has the answers of before its restarts', async () => {
    await retryAll(attempts.slice(0, 50), true)
    expect(wrong).toEqual([])
    expect(readTokenRecords(data).tokens.size).toBe(attempts.length)
  })
})

async function killUnderLoad(): Promise<void> {
  const before = attempts.length
  const clients = Array.from({ length: CLIENTS }, work)
  while (attempts.length < before + 2 * CLIENTS) await sleep(1)
  await sleep(20 + Math.random() * 100)
  server.child.kill('SIGKILL')
  await Promise.all([server.stop(), ...clients])
}

/** Asks for one token after the other until there is no answer. */
async function work(): Promise<void> {
  for (;;) {
    const number = attempts.length
    const attempt: Attempt = {
      idempotencyKey: `attempt ${number}`,
      format: number % 10 === 0 ? 'jwt' : 'opaque',
      token: null,
    }
    attempts.push(attempt)
    const answer = await send(attempt)
    if (answer === null) return
    if (answer.replayed) wrong.push(`${attempt.idempotencyKey}: replayed at first`)
    attempt.token = answer.token
  }
}

/** Sends each twice at once, as a client may whose first retry seems lost. */
async function retryAll(some: readonly Attempt[], allReplayed = false): Promise<void> {
  for (const attempt of some) {
    const answers = await Promise.all([send(attempt), send(attempt)])
    if (attempt.token === null) {
      unanswered++
      attempt.token = answers[0]?.token ?? null
    } else if (!answers.every((answer) => answer?.replayed))
      wrong.push(`${attempt.idempotencyKey}: made anew`)
    for (const answer of answers) {
      if (answer === null || answer.token !== attempt.token)
        wrong.push(`${attempt.idempotencyKey}: another token`)
      if (allReplayed && !answer?.replayed) wrong.push(`${attempt.idempotencyKey}: not replayed`)
    }
  }
}

/** @returns `null` if the connection ended before the whole answer was there */
async function send({
  idempotencyKey,
  format,
}: Attempt): Promise<{ readonly token: string; readonly replayed: boolean } | null> {
  try {
    const response = await fetch(`${server.url}/v1/m2m_tokens`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${server.env.CLERK_MACHINE_SECRET_KEY}`,
        'content-type': 'application/json',
        'idempotency-key': idempotencyKey,
      },
      body: JSON.stringify({ token_format: format }),
    })
    const { token } = (await response.json()) as { token: string }
    if (response.status !== 201) wrong.push(`${idempotencyKey}: ${response.status}`)
    return { token, replayed: response.headers.get('idempotent-replayed') === 'true' }
  } catch {
    return null
  }
}
