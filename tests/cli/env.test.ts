import { existsSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { importSPKI, jwtVerify } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createM2mClient } from '../crash/m2m-client.ts'
import {
  removeFolder,
  runCli,
  startDev,
  temporaryFolder,
  type ServerProcess,
} from '../support/server-process.ts'
import { runShell } from './shell.ts'

const NAMES = [
  'CLERK_API_URL',
  'CLERK_SECRET_KEY',
  'CLERK_PUBLISHABLE_KEY',
  'CLERK_JWT_KEY',
  'CLERK_MACHINE_SECRET_KEY',
  'MINTMARK_API_MACHINE_SECRET_KEY',
  'MINTMARK_WORKER_MACHINE_ID',
  'MINTMARK_API_MACHINE_ID',
  'MINTMARK_INSTANCE_ID',
]

let server: ServerProcess
let jwt: string

beforeAll(async () => {
  server = await startDev()
  const issued = await createM2mClient(server).issue('jwt')
  jwt = issued?.body.token
})

afterAll(async () => {
  await server.stop()
  removeFolder(server.data)
})

describe('mintmark env, while the server runs', () => {
  it('prints JSON with what the server said when it started', async () => {
    const { code, stdout, stderr } = await runCli(['env', '--data', server.data, '--json'])
    expect(code).toBe(0)
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual(server.env)
    expect(Object.keys(server.env)).toEqual(NAMES)
    expect(server.env.CLERK_API_URL).toBe(server.url)
  })

  it('prints lines that Node reads from an .env file as they are meant', async () => {
    const { code, stdout, stderr } = await runCli(['env', '--data', server.data])
    expect(code).toBe(0)
    expect(stderr).toBe('')
    expect(parseEnv(stdout)).toEqual(server.env)
  })

  it('prints lines that a shell evaluates as they are meant', async () => {
    expect(await evaluateInShell()).toEqual(server.env)
  })

  it('prints a public key that verifies a JWT in a program started from such a shell', async () => {
    const { CLERK_JWT_KEY = '' } = await evaluateInShell()
    expect(CLERK_JWT_KEY.split('\n').at(0)).toBe('-----BEGIN PUBLIC KEY-----')
    expect(CLERK_JWT_KEY.split('\n').at(-1)).toBe('-----END PUBLIC KEY-----')
    const key = await importSPKI(CLERK_JWT_KEY, 'RS256')
    const { payload } = await jwtVerify(jwt, key)
    expect(payload.sub).toBe(server.env.MINTMARK_WORKER_MACHINE_ID)
  })

  it('finds the folder of "mintmark dev" by itself', async () => {
    const project = temporaryFolder()
    symlinkSync(server.data, join(project, '.mintmark'))
    const { code, stdout } = await runShell('mintmark env --json', {}, project)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual(server.env)
    removeFolder(project)
  })

  it('prints the URL that clients use, where that is another', async () => {
    const { stdout } = await runCli([
      'env',
      '--json',
      '--data',
      server.data,
      '--public-url',
      'https://tokens.example.com/',
    ])
    const printed = JSON.parse(stdout)
    expect(printed.CLERK_API_URL).toBe('https://tokens.example.com')
    expect(printed.CLERK_SECRET_KEY).toBe(server.env.CLERK_SECRET_KEY)
  })
})

describe('mintmark env, beside a server that is stopped', () => {
  let stopped: ServerProcess

  beforeAll(async () => {
    stopped = await startDev()
    await stopped.stop()
  })

  afterAll(() => removeFolder(stopped.data))

  it('prints the same, with the URL of the last time', async () => {
    const { code, stdout } = await runCli(['env', '--data', stopped.data, '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toEqual(stopped.env)
  })

  it('asks which instance is meant where there are several, and takes its id or its name', async () => {
    const created = await runCli([
      'instances',
      'create',
      '--json',
      '--data',
      stopped.data,
      '--name',
      'second',
      '--environment',
      'test',
      '--frontend-origin',
      'https://clerk.second.example',
    ])
    const second = JSON.parse(created.stdout)

    const unclear = await runCli(['env', '--data', stopped.data])
    expect(unclear).toEqual({
      code: 1,
      stdout: '',
      stderr:
        'mintmark: There are several instances: choose one with --instance. "mintmark instances list" shows them.\n',
    })
    for (const wanted of [second.id, 'second']) {
      const { code, stdout } = await runCli(['env', '--json', '--data', stopped.data, '--instance', wanted])
      expect(code).toBe(0)
      expect(JSON.parse(stdout)).toMatchObject({
        CLERK_SECRET_KEY: second.secretKey,
        CLERK_PUBLISHABLE_KEY: second.publishableKey,
        MINTMARK_INSTANCE_ID: second.id,
        MINTMARK_ISSUER: 'https://clerk.second.example',
      })
    }
    const unknown = await runCli(['env', '--data', stopped.data, '--instance', 'third'])
    expect(unknown.code).toBe(1)
    expect(unknown.stderr).toBe(
      'mintmark: No single instance has that id or name: "mintmark instances list" shows them.\n',
    )
  })

  it('says what is missing where there is no database, and makes none', async () => {
    const nowhere = join(stopped.data, 'nowhere')
    const { code, stdout, stderr } = await runCli(['env', '--data', nowhere])
    expect(code).toBe(1)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^mintmark: [^\n]+\n$/)
    expect(stderr).toContain(`There is no Mintmark database in ${nowhere}. `)
    expect(existsSync(nowhere)).toBe(false)
  })
})

/** What a program sees that is started after `eval`, of what is ours. */
async function evaluateInShell(): Promise<Record<string, string>> {
  const script = `eval "$(mintmark env --shell --data "$DATA")"; node -p 'JSON.stringify(process.env)'`
  const { code, stdout, stderr } = await runShell(script, { DATA: server.data })
  expect(code, stderr).toBe(0)
  const all = Object.entries(JSON.parse(stdout) as Record<string, string>)
  return Object.fromEntries(all.filter(([name]) => NAMES.includes(name)))
}
