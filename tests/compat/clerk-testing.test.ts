/** The set-up half of `@clerk/testing`, which end-to-end suites run once before all tests. */
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cleanEnvironment } from '../support/server-process.ts'
import { type Compat, send, startCompat } from './support.ts'

let compat: Compat

beforeAll(async () => {
  compat = await startCompat()
})

afterAll(() => compat.close())

const SETUP = fileURLToPath(new URL('clerk-testing-setup.ts', import.meta.url))

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function setUp(framework: string, environment: Record<string, string>): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [SETUP, framework], { env: cleanEnvironment(environment) })
    let stdout = ''
    let stderr = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}

/** What such a suite has in its environment: nothing but the three that `mintmark env` prints for it. */
const environment = () => {
  const { CLERK_API_URL, CLERK_PUBLISHABLE_KEY, CLERK_SECRET_KEY } = compat.server.env
  return {
    CLERK_API_URL: CLERK_API_URL!,
    CLERK_PUBLISHABLE_KEY: CLERK_PUBLISHABLE_KEY!,
    CLERK_SECRET_KEY: CLERK_SECRET_KEY!,
  }
}

describe.each(['playwright', 'cypress'])('clerkSetup for %s', (framework) => {
  it('gets a testing token and finds the frontend in the publishable key', async () => {
    const { code, stdout, stderr } = await setUp(framework, environment())
    expect(stderr).toBe('')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual({
      CLERK_FAPI: new URL(compat.server.url).host,
      CLERK_TESTING_TOKEN: expect.stringMatching(/^\d{10}-c_[0-9A-Za-z]{41,}$/),
    })
  })

  it('asks for no token where the suite has one', async () => {
    const { body } = await send(compat.server, 'POST', '/v1/testing_tokens', { key: compat.secretKey })
    const { code, stdout } = await setUp(framework, {
      ...environment(),
      CLERK_TESTING_TOKEN: body.token,
      // A port that `fetch` never connects to.
      CLERK_API_URL: 'http://127.0.0.1:9',
    })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ CLERK_TESTING_TOKEN: body.token })
  })

  it('ends at once, without trying again, when the secret key is refused', async () => {
    const { code, stdout, stderr } = await setUp(framework, {
      ...environment(),
      CLERK_SECRET_KEY: `sk_test_${'0'.repeat(51)}`,
    })
    expect(code).not.toBe(0)
    expect(stdout).toBe('')
    expect(stderr).toContain('clerk_key_invalid')
    expect(stderr).not.toContain('[Retry]')
  })
})
