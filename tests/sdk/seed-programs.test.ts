/**
 * Programs that were written for `@clerk/backend-sdk` run as they are: only the package behind that name is
 * another one, as with an npm alias. It is the built package, in a folder that knows nothing of this workspace.
 */
import { spawn } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Mintmark } from '@mintmark/sdk'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  cleanEnvironment,
  removeFolder,
  startDev,
  temporaryFolder,
  type ServerProcess,
} from '../support/server-process.ts'

const PROGRAMS = fileURLToPath(new URL('seed-programs', import.meta.url))
const SDK = fileURLToPath(new URL('../../packages/sdk', import.meta.url))

/** What a program prints, in this order. */
const PRINTED: Readonly<Record<string, readonly RegExp[]>> = {
  'testing-tokens-class.ts': [/object: 'testing_token',\n {2}token: '.+',\n {2}expiresAt: \d{10}\n/],
  'testing-tokens-function.ts': [/object: 'testing_token',\n {2}token: '.+',\n {2}expiresAt: \d{10}\n/],
  'actor-tokens-class.ts': [
    /status: 'pending'/,
    /sub: 'user_2OEpKhcCN1Lat9NQ0G6puh7q5Rb'/,
    /status: 'revoked'/,
  ],
  'actor-tokens-function.ts': [/status: 'pending'/, /token: '/, /status: 'revoked'/],
  'm2m-tokens.ts': [/subject: 'WORKER'/, /token: 'mt_/, /subject: 'WORKER'/, /token: 'ey/, /token: 'mt_/],
  'machine-tokens.ts': [/object: 'token',\s+jwt: 'ey/],
}

let server: ServerProcess
let folder: string
let environment: Record<string, string>

beforeAll(async () => {
  server = await startDev()
  const { env, url } = server
  const client = new Mintmark({ secretKey: env.CLERK_SECRET_KEY, serverURL: url })
  environment = {
    CLERK_API_URL: url,
    CLERK_BEARER_AUTH: env.CLERK_SECRET_KEY!,
    CLERK_MACHINE_SECRET_KEY: env.CLERK_MACHINE_SECRET_KEY!,
    OTHER_MACHINE_SECRET_KEY: env.MINTMARK_API_MACHINE_SECRET_KEY!,
    MACHINE_ID: env.MINTMARK_WORKER_MACHINE_ID!,
    USER_ID: (await client.users.create()).id,
  }
  folder = temporaryFolder()
  mkdirSync(join(folder, 'node_modules/@clerk'), { recursive: true })
  symlinkSync(SDK, join(folder, 'node_modules/@clerk/backend-sdk'), 'dir')
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  for (const name of readdirSync(PROGRAMS)) copyFileSync(join(PROGRAMS, name), join(folder, name))
})
afterAll(async () => {
  await server.stop()
  removeFolder(server.data)
  removeFolder(folder)
})

function runProgram(name: string, more: Record<string, string> = {}) {
  return new Promise<{ code: number | null; stdout: string; stderr: string }>((resolve) => {
    const env = cleanEnvironment({ ...environment, ...more })
    const child = spawn(process.execPath, [name], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let [stdout, stderr] = ['', '']
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
    child.once('close', (code) => resolve({ code, stdout, stderr }))
  })
}

describe('a program for @clerk/backend-sdk', () => {
  it('is each one of this folder', () => {
    expect(readdirSync(PROGRAMS).sort()).toEqual(Object.keys(PRINTED).sort())
  })

  it.each(Object.entries(PRINTED))('runs unchanged: %s', async (name, printed) => {
    const { code, stdout, stderr } = await runProgram(name)
    expect(stderr).toBe('')
    expect(code).toBe(0)
    let rest = stdout
    for (const pattern of printed) {
      const expected = new RegExp(pattern.source.replace('WORKER', environment.MACHINE_ID!))
      expect(rest).toMatch(expected)
      const found = expected.exec(rest)!
      rest = rest.slice(found.index + found[0].length)
    }
  })

  // The error of a program that ends by it is printed with everything in it.
  it.each(['testing-tokens-class.ts', 'testing-tokens-function.ts'])(
    'fails with an error that shows no key: %s',
    async (name) => {
      const { code, stderr } = await runProgram(name, { CLERK_BEARER_AUTH: 'sk_test_canary' })
      expect(code).toBe(1)
      expect(stderr).toContain('APIError: The server answered 401')
      expect(stderr).not.toContain('canary')
    },
  )
})
