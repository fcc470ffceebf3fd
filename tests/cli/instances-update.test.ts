/** How browsers use an instance: by whom it is said, and from when it holds. */
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import {
  removeFolder,
  runCli,
  startDev,
  temporaryFolder,
  type ServerProcess,
} from '../support/server-process.ts'
import { askFrontend } from './frontend-request.ts'

const APP = 'https://app.example.com'

let server: ServerProcess
let root: string

beforeAll(async () => {
  root = temporaryFolder()
  server = await startDev({ data: join(root, 'data'), flags: ['--frontend-port', '0'] })
})

afterAll(async () => {
  await server.stop()
  removeFolder(root)
})

const instances = (command: string, ...flags: readonly string[]) =>
  runCli(['instances', command, '--data', server.data, ...flags])

const update = (...flags: readonly string[]) => instances('update', '--instance', 'dev', ...flags)

async function list(): Promise<readonly Readonly<Record<string, unknown>>[]> {
  return JSON.parse((await instances('list', '--json')).stdout)
}
const dev = async () => (await list()).find(({ name }) => name === 'dev')

const changes = async () =>
  (await runCli(['audit', 'tail', '-n', '1000', '--data', server.data])).stdout.match(
    /instance\.update.*/g,
  ) ?? []

/** What a page of an application is answered, when the running server has heard of a change. */
const expectPageIsAnswered = (origin: string, status: number) =>
  vi.waitFor(
    async () => expect((await askFrontend(server, '/v1/environment', { origin })).status).toBe(status),
    { timeout: 20_000, interval: 50 },
  )

describe('mintmark instances create', () => {
  it('takes how browsers use the instance, and lists it', async () => {
    const flags = [
      '--allowed-origin',
      APP,
      '--allowed-origin',
      'http://localhost:3000',
      '--allowed-origin',
      APP,
    ]
    const pages = ['--sign-in-url', `${APP}/sign-in`, '--home-url', APP]
    const name = ['--name', 'whole', '--frontend-origin', 'https://clerk.whole.example']
    const { code, stdout } = await instances('create', ...name, ...flags, ...pages, '--json')
    expect(code).toBe(0)
    const browsing = {
      allowedOrigins: [APP, 'http://localhost:3000'],
      signInUrl: `${APP}/sign-in`,
      homeUrl: `${APP}/`,
    }
    expect(JSON.parse(stdout)).toMatchObject(browsing)
    expect((await list()).find(({ id }) => id === JSON.parse(stdout).id)).toMatchObject(browsing)
  })

  it('needs none of it', async () => {
    const name = ['--name', 'bare', '--frontend-origin', 'https://clerk.bare.example']
    await instances('create', ...name)
    expect((await list()).find((each) => each.name === 'bare')).toMatchObject({
      allowedOrigins: [],
      signInUrl: null,
      homeUrl: null,
    })
  })
})

describe('mintmark instances update', () => {
  it('lets pages of an origin in, and no others, as soon as it is told', async () => {
    await expectPageIsAnswered(APP, 403)
    const { code, stdout, stderr } = await update('--allowed-origin', APP)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(
      /^Instance +ins_\w{27}\nAllowed origins +https:\/\/app\.example\.com\nSign-in URL +\(the server\)\nHome URL +none\n$/,
    )
    await expectPageIsAnswered(APP, 200)
    await expectPageIsAnswered('https://other.example.com', 403)
    await update('--no-allowed-origins')
    await expectPageIsAnswered(APP, 403)
  })

  it('replaces the origins, and changes nothing that is not given', async () => {
    await update('--allowed-origin', 'https://a.example', '--sign-in-url', 'https://a.example/in')
    const { stdout } = await update('--allowed-origin', 'https://b.example', '--json')
    expect(JSON.parse(stdout)).toMatchObject({
      name: 'dev',
      allowedOrigins: ['https://b.example'],
      signInUrl: 'https://a.example/in',
      homeUrl: null,
    })
    expect(await dev()).toEqual(JSON.parse(stdout))
  })

  it('takes back a page', async () => {
    await update('--sign-in-url', 'https://a.example/in', '--home-url', 'https://a.example/home')
    expect(await dev()).toMatchObject({
      signInUrl: 'https://a.example/in',
      homeUrl: 'https://a.example/home',
    })
    await update('--sign-in-url', 'none', '--home-url', 'none')
    expect(await dev()).toMatchObject({ signInUrl: null, homeUrl: null })
  })

  it('is in the audit log with what was changed, and only if something was', async () => {
    await update('--no-allowed-origins', '--home-url', 'none', '--sign-in-url', 'none')
    const before = await changes()
    const flags = ['--allowed-origin', APP, '--home-url', 'https://a.example/home'] as const
    await update(...flags)
    await update(...flags)
    const after = await changes()
    expect(after.slice(before.length)).toEqual([
      expect.stringMatching(
        /by operator .*\(allowed origins: https:\/\/app\.example\.com; home URL: https:\/\/a\.example\/home\)$/,
      ),
    ])
  })

  it.each([
    ['nothing to change', [], /^Say what to change: --allowed-origin or --no-allowed-origins, /],
    ['an origin with a path', ['--allowed-origin', `${APP}/a`], /must be an origin, such as https:\/\/app\./],
    ['an origin that is none', ['--allowed-origin', '*'], /must be an origin/],
    ['an origin of another scheme', ['--allowed-origin', 'file://'], /must be an origin/],
    ['some origins and none', ['--allowed-origin', APP, '--no-allowed-origins'], /cannot be used with/],
    ['a page of another scheme', ['--sign-in-url', 'javascript:alert(1)'], /must be the URL of a page/],
    ['a page that is no URL', ['--home-url', '/home'], /must be the URL of a page/],
    ['a page with a password', ['--home-url', 'https://a:b@app.example.com'], /must be the URL of a page/],
  ])('ends with 2 for %s, and changes nothing', async (_what, flags, why) => {
    const before = await dev()
    const { code, stdout, stderr } = await update(...flags)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^mintmark: /)
    expect(stderr.slice('mintmark: '.length)).toMatch(why)
    expect(await dev()).toEqual(before)
  })

  it('asks which, where there are several, and ends with 1', async () => {
    const { code, stderr } = await instances('update', '--home-url', APP)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^mintmark: There are several instances: choose one with --instance\./)
    expect((await instances('update', '--instance', 'nobody', '--home-url', APP)).code).toBe(1)
  })
})

describe('mintmark dev --allowed-origin', () => {
  const origins = async (data: string) =>
    JSON.parse((await runCli(['instances', 'list', '--json', '--data', data])).stdout)[0].allowedOrigins

  it('lets pages of the origins in from the first request on, and keeps them when it is not told again', async () => {
    const data = join(root, 'origins')
    const flags = [
      '--frontend-port',
      '0',
      '--allowed-origin',
      'http://localhost:3000',
      '--allowed-origin',
      APP,
    ]
    const first = await startDev({ data, flags })
    const { status, headers } = await askFrontend(first, '/v1/environment', {
      origin: 'http://localhost:3000',
    })
    expect(status).toBe(200)
    expect(headers['access-control-allow-origin']).toBe('http://localhost:3000')
    expect(await origins(data)).toEqual(['http://localhost:3000', APP])
    await first.stop()
    const second = await startDev({ data })
    expect(await origins(data)).toEqual(['http://localhost:3000', APP])
    await second.stop()
    const third = await startDev({ data, flags: ['--allowed-origin', 'http://localhost:8080'] })
    expect(await origins(data)).toEqual(['http://localhost:8080'])
    await third.stop()
  })

  it('ends with 2 for what is no origin, before anything is made', async () => {
    const data = join(root, 'refused')
    const { code, stdout, stderr } = await runCli([
      'dev',
      '--data',
      data,
      '--allowed-origin',
      'localhost:3000',
    ])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain('It must be an origin')
    expect((await runCli(['instances', 'list', '--data', data])).stderr).toContain(
      'There is no Mintmark database',
    )
  })
})
