import { symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeFolder, runCli, startDev, temporaryFolder } from '../support/server-process.ts'
import { startServe } from './serve-process.ts'
import { CALLS, startListener, startWorld, type ApiWorld } from './api-world.ts'
import { runShell } from './shell.ts'

let world: ApiWorld
let tokenFile: string

beforeAll(async () => {
  world = await startWorld()
  tokenFile = join(world.server.data, 'token')
  writeFileSync(tokenFile, 'mt_something\n')
})

afterAll(async () => {
  await world.server.stop()
  removeFolder(world.server.data)
})

const argsOf = (line: string): readonly string[] => line.replace('$TOKEN_FILE', tokenFile).split(' ')

/** A key of the right form that no server made. */
const WRONG_KEY = `sk_test_${'0'.repeat(51)}`

describe('which server a command calls', () => {
  it('is that of the data folder it is given', async () => {
    const { code, stdout, stderr } = await world.run('machines list')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('worker')
  })

  it('is that of ./.mintmark, where nobody says otherwise', async () => {
    const project = temporaryFolder()
    symlinkSync(world.server.data, join(project, '.mintmark'))
    const { code, stdout } = await runShell('mintmark machines list', {}, project)
    expect(code).toBe(0)
    expect(stdout).toContain('worker')
    removeFolder(project)
  })

  it.each([
    ['MINTMARK_API_URL', 'MINTMARK_SECRET_KEY'],
    ['CLERK_API_URL', 'CLERK_SECRET_KEY'],
  ])('is that of %s and %s', async (url, key) => {
    const environment = { [url]: world.server.url, [key]: world.server.env.CLERK_SECRET_KEY! }
    const { code, stdout } = await runCli(['machines', 'list'], environment)
    expect(code).toBe(0)
    expect(stdout).toContain('worker')
  })

  it('is that of --url rather than that of the environment', async () => {
    const environment = {
      MINTMARK_API_URL: 'http://127.0.0.1:9',
      MINTMARK_SECRET_KEY: world.server.env.CLERK_SECRET_KEY!,
    }
    const { code } = await runCli(['machines', 'list', '--url', `${world.server.url}/v1`], environment)
    expect(code).toBe(0)
  })

  it('is asked for with one sentence, where nothing says which', async () => {
    const empty = temporaryFolder()
    const { code, stdout, stderr } = await runShell('mintmark machines list', {}, empty)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^mintmark: Nothing says which server: [^\n]+--data[^\n]+\n$/)
    removeFolder(empty)
  })

  it('is one: an address and a data folder together are refused with 2', async () => {
    const { code, stderr } = await world.run('machines list --url http://127.0.0.1:1')
    expect(code).toBe(2)
    expect(stderr).toMatch(/^mintmark: --url names a server by its address/)
  })

  it.each(['MINTMARK_API_URL', 'CLERK_API_URL'])(
    'is not guessed where %s names one and --instance is of a data folder',
    async (name) => {
      const environment = { [name]: 'http://127.0.0.1:9' }
      const { code, stdout, stderr } = await runCli(['machines', 'list', '--instance', 'any'], environment)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toBe(
        `mintmark: --instance chooses one of a data folder, and ${name} names a server by its address: name the folder with --data, or leave --instance out.\n`,
      )
      const named = ['--instance', world.server.env.MINTMARK_INSTANCE_ID!, '--data', world.server.data]
      expect((await runCli(['machines', 'list', ...named], environment)).code).toBe(0)
    },
  )

  it.each(['tokens', 'ftp://127.0.0.1', 'http://a:b@127.0.0.1', 'http://127.0.0.1?a=b'])(
    'is not %s, which is no address of one',
    async (url) => {
      const { code, stderr } = await runCli(['machines', 'list', '--url', url])
      expect(code).toBe(2)
      expect(stderr).toMatch(/^mintmark: --url must be an address such as /)
    },
  )

  it('is the one on this machine, where the data folder knows another address for clients', async () => {
    const server = await startDev({ flags: ['--public-url', 'https://tokens.example.com'] })
    const { code } = await runCli(['machines', 'list', '--data', server.data])
    expect(code).toBe(0)
    await server.stop()
    removeFolder(server.data)
  })

  it('is asked as the instance that is meant, where there are several', async () => {
    const server = await startDev()
    const made = ['instances', 'create', '--name', 'second', '--frontend-origin', 'https://clerk.a.example']
    await runCli([...made, '--data', server.data])
    const unclear = await runCli(['machines', 'list', '--data', server.data])
    expect(unclear.code).toBe(1)
    expect(unclear.stderr).toMatch(/^mintmark: There are several instances: choose one with --instance\. /)
    const { code, stderr } = await runCli(['users', 'count', '--instance', 'second', '--data', server.data])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    await server.stop()
    removeFolder(server.data)
  })

  it('is told to have no machines yet, without a table of nothing', async () => {
    const masterKey = { MINTMARK_MASTER_KEY: 'ab'.repeat(32) }
    const server = await startServe({ environment: masterKey })
    await runCli(['instances', 'create', '--name', 'live', '--data', server.data], masterKey)
    const { code, stdout, stderr } = await runCli(['machines', 'list', '--data', server.data], masterKey)
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: 'There are none.\n' })
    await server.stop()
    removeFolder(server.data)
  })
})

describe('every command of the API', () => {
  it.each(CALLS)('%s says that a key is wrong, where it came from, and ends with 1', async (line) => {
    const environment = { CLERK_API_URL: world.server.url, CLERK_SECRET_KEY: WRONG_KEY }
    const { code, stdout, stderr } = await runCli(argsOf(line), environment)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(
      /^mintmark: [^\n]+ The key came from CLERK_SECRET_KEY\. \(\w+_invalid, trace [\w-]+\)\n$/,
    )
    expect(stderr).not.toContain(WRONG_KEY)
  })

  it.each(CALLS.filter((_line, index) => index % 6 === 0))(
    '%s says that no server answers, and ends with 1',
    async (line) => {
      const listener = await startListener()
      listener.close()
      const environment = { MINTMARK_API_URL: listener.url, MINTMARK_SECRET_KEY: WRONG_KEY }
      const { code, stdout, stderr } = await runCli(argsOf(line), environment)
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toBe(
        `mintmark: No server answers at ${listener.url}: nothing listens there. Is it running, and is that its address?\n`,
      )
    },
  )

  it('says that it needs the key of the instance, where there is none or only that of a machine', async () => {
    const environment = { MINTMARK_API_URL: world.server.url }
    const key = { MINTMARK_MACHINE_SECRET_KEY: world.server.env.CLERK_MACHINE_SECRET_KEY! }
    for (const given of [environment, { ...environment, ...key }]) {
      const { code, stderr } = await runCli(['users', 'list'], given)
      expect(code).toBe(1)
      expect(stderr).toMatch(/^mintmark: This needs the key of the instance: set MINTMARK_SECRET_KEY/)
    }
  })

  it('says that what answers is no Mintmark server', async () => {
    const listener = await startListener()
    const environment = { MINTMARK_API_URL: listener.url, MINTMARK_SECRET_KEY: WRONG_KEY }
    const { code, stderr } = await runCli(['machines', 'list'], environment)
    listener.close()
    expect(code).toBe(1)
    expect(stderr).toMatch(/^mintmark: What answers at \S+ is not a Mintmark server: [^\n]+\n$/)
    expect(stderr).not.toContain('another program')
  })

  it.each([
    'machines get mch_2abcdefghijklmnopqrstuvwxyz',
    'machines update mch_2abcdefghijklmnopqrstuvwxyz --name any',
    'machines delete mch_2abcdefghijklmnopqrstuvwxyz --yes',
    'machines secret-key mch_2abcdefghijklmnopqrstuvwxyz',
    'machines rotate-key mch_2abcdefghijklmnopqrstuvwxyz --yes',
    'machines scope add worker mch_2abcdefghijklmnopqrstuvwxyz',
    'machines scope remove worker mch_2abcdefghijklmnopqrstuvwxyz',
    'tokens issue --machine mch_2abcdefghijklmnopqrstuvwxyz',
    'tokens revoke mt_0199f6f1a1b27c3d8e4f5a6b7c8d9e0f',
    'actor-tokens revoke act_2abcdefghijklmnopqrstuvwxyz',
    'users get user_2abcdefghijklmnopqrstuvwxyz',
    'users update user_2abcdefghijklmnopqrstuvwxyz --first-name Any',
    'users delete user_2abcdefghijklmnopqrstuvwxyz --yes',
    'keys revoke kid_2abcdefghijklmnopqrstuvwxyz --yes',
  ])('%s says that there is none, with the code and the trace, and ends with 1', async (line) => {
    const { code, stdout, stderr } = await world.run(line)
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^mintmark: [^\n]+\. \(resource_not_found(?:, \w+)?, trace [\w-]+\)\n$/)
  })

  it.each([
    ['tokens revoke mt_0199f6f1a1b27c3d8e4f5a6b7c8d9e0f', 'No M2M token has that id: "mintmark tokens list'],
    ['sessions revoke sess_2abcdefghijklmnopqrstuvwxyz', 'No session has that id: "mintmark sessions list'],
    ['impersonate end act_2abcdefghijklmnopqrstuvwxyz', 'No impersonation has that id: "mintmark imp'],
  ])('%s says what is not there, and where to look', async (line, why) => {
    expect((await world.run(line)).stderr).toContain(`mintmark: ${why}`)
  })

  it('says that no machine has a name, and which have it if several do', async () => {
    const none = await world.run('machines get nobody')
    expect(none.code).toBe(1)
    expect(none.stderr).toMatch(/^mintmark: No machine has that id or name: [^\n]+\n$/)
    const twins = [
      await world.json('machines create --name twin'),
      await world.json('machines create --name twin'),
    ]
    const several = await world.run('machines get twin')
    expect(several.code).toBe(1)
    expect(several.stderr).toMatch(/^mintmark: Several machines have that name: [^\n]+\n$/)
    for (const { id } of twins) await world.run(`machines delete ${id} --yes`)
  })
})
