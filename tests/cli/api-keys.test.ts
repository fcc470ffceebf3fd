/** Where a key is sent, and where it never is. */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeFolder, runCli, startDev, temporaryFolder } from '../support/server-process.ts'
import { startListener, startWorld, type ApiWorld } from './api-world.ts'
import { runShell } from './shell.ts'

let world: ApiWorld

beforeAll(async () => {
  world = await startWorld()
})

afterAll(async () => {
  await world.server.stop()
  removeFolder(world.server.data)
})

/** A key of the right form that no server made. */
const WRONG_KEY = `sk_test_${'0'.repeat(51)}`

/** What a server notes of where it listens. */
const addressOf = (url: string): string => JSON.stringify({ url, localUrl: url })

describe('a key of one server', () => {
  it('is not sent to what listens now where the server of a data folder was', async () => {
    const stopped = await startDev()
    await stopped.stop()
    const listener = await startListener()
    writeFileSync(join(stopped.data, 'server.json'), addressOf(listener.url))
    const { code, stderr } = await runCli(['machines', 'list', '--data', stopped.data])
    expect(code).toBe(1)
    expect(stderr).toBe(
      `mintmark: The server of ${stopped.data} is not running. Start it, then try again: mintmark dev --data '${stopped.data}'\n`,
    )
    expect(listener.seen).toEqual([])
    listener.close()
    removeFolder(stopped.data)
  })

  // A server that moves: it has the lock again, and its old port is another program's.
  it('is not sent to the address of the time before while the server starts', async () => {
    const folder = temporaryFolder()
    const listener = await startListener()
    writeFileSync(join(folder, 'server.json'), addressOf(listener.url))
    const server = await startDev({ data: folder })
    expect(JSON.parse(readFileSync(join(folder, 'server.json'), 'utf8')).localUrl).toBe(server.url)
    for (const localUrl of [null, undefined]) {
      writeFileSync(join(folder, 'server.json'), JSON.stringify({ url: listener.url, localUrl }))
      const { code, stderr } = await runCli(['machines', 'list', '--data', folder])
      expect(code).toBe(1)
      expect(stderr).toBe(
        `mintmark: The server of ${folder} is starting or stopping. Try again in a moment.\n`,
      )
    }
    expect(listener.seen).toEqual([])
    await server.stop()
    listener.close()
    removeFolder(folder)
  })

  it('is taken back with the address when the server stops, which clients still find', async () => {
    const server = await startDev()
    await server.stop()
    const kept = JSON.parse(readFileSync(join(server.data, 'server.json'), 'utf8'))
    expect(kept).toEqual({ url: server.url, localUrl: null, frontendUrl: null })
    removeFolder(server.data)
  })

  // The port of a container is not that of the machine around it, which has the folder and its lock too.
  it('is not sent to another program at the address of a server that runs', async () => {
    const listener = await startListener()
    const other = await startDev()
    const server = await startDev()
    for (const url of [listener.url, other.url]) {
      writeFileSync(join(server.data, 'server.json'), addressOf(url))
      const { code, stdout, stderr } = await runCli(['machines', 'list', '--data', server.data])
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(
        /^mintmark: What answers at \S+ is not the server of this data folder, so no key was sent\. [^\n]+\n$/,
      )
    }
    // Asked a few times, and never with a key.
    expect(new Set(listener.seen)).toEqual(new Set(['']))
    expect(other.log()).not.toContain('machines.list')
    listener.close()
    writeFileSync(join(server.data, 'server.json'), addressOf(listener.url))
    const { stderr } = await runCli(['machines', 'list', '--data', server.data])
    expect(stderr).toMatch(
      /^mintmark: No server answers at \S+, where that of this data folder should be\.\n$/,
    )
    for (const { stop, data } of [other, server]) {
      await stop()
      removeFolder(data)
    }
  })

  it.each([
    ['MINTMARK_API_URL', 'CLERK', 'MINTMARK'],
    ['CLERK_API_URL', 'MINTMARK', 'CLERK'],
  ])('is not sent to %s where its name begins with %s_', async (address, prefix, wanted) => {
    const listener = await startListener()
    const environment = {
      [address]: listener.url,
      [`${prefix}_SECRET_KEY`]: WRONG_KEY,
      [`${prefix}_MACHINE_SECRET_KEY`]: `ak_${'0'.repeat(51)}`,
    }
    const ownMachine = { ...environment, [`${wanted}_MACHINE_SECRET_KEY`]: `ak_${'1'.repeat(51)}` }
    for (const given of [environment, ownMachine]) {
      for (const line of ['users list', 'keys list', 'testing-tokens create']) {
        const { code, stderr } = await runCli(line.split(' '), given)
        expect(code).toBe(1)
        expect(stderr).toBe(
          `mintmark: This needs the key of the instance: set ${wanted}_SECRET_KEY beside ${wanted}_API_URL, or name the data folder with --data.\n`,
        )
      }
    }
    expect(listener.seen).toEqual([])
    listener.close()
  })

  it("is not sent to mintmark dev's own address where it is Clerk's", async () => {
    const empty = temporaryFolder()
    const { code, stderr } = await runShell('mintmark users list', { CLERK_SECRET_KEY: WRONG_KEY }, empty)
    expect(code).toBe(1)
    expect(stderr).toMatch(/^mintmark: Nothing says which server: /)
    removeFolder(empty)
  })

  it('may have either name where --url names the server', async () => {
    const url = ['--url', world.server.url]
    const environment = {
      MINTMARK_API_URL: 'http://127.0.0.1:9',
      CLERK_SECRET_KEY: world.server.env.CLERK_SECRET_KEY!,
    }
    expect((await runCli(['users', 'count', ...url], environment)).code).toBe(0)
    const both = { ...environment, MINTMARK_SECRET_KEY: WRONG_KEY }
    expect((await runCli(['users', 'count', ...url], both)).stderr).toContain('MINTMARK_SECRET_KEY')
  })

  it('is warned about where it is to leave the machine unencrypted, and not on this machine', async () => {
    const warning = /^mintmark: warning: the key goes to http:\/\/0\.0\.0\.0:9 unencrypted, [^\n]+\n/
    const environment = { MINTMARK_SECRET_KEY: WRONG_KEY }
    // It does not leave it, but the address is no loopback.
    const far = await runCli(['users', 'count', '--url', 'http://0.0.0.0:9'], environment)
    expect(far.stderr).toMatch(warning)
    for (const host of ['127.1', 'LOCALHOST', '[::1]', 'a.localhost']) {
      const { stderr } = await runCli(['users', 'count', '--url', `http://${host}:9`], environment)
      expect(stderr).not.toContain('warning')
    }
    const { stderr } = await runCli(['users', 'count', '--url', 'https://0.0.0.0:9'], environment)
    expect(stderr).not.toContain('warning')
    const none = await runCli(['users', 'count', '--url', 'http://0.0.0.0:9'])
    expect(none.stderr).not.toContain('warning')
  })

  it('is not taken from the environment for a data folder', async () => {
    const environment = {
      MINTMARK_API_URL: 'http://127.0.0.1:9',
      MINTMARK_SECRET_KEY: WRONG_KEY,
      MINTMARK_MACHINE_SECRET_KEY: `ak_${'0'.repeat(51)}`,
    }
    for (const line of ['machines list', 'tokens list --machine worker', 'testing-tokens create']) {
      const { code, stderr } = await runCli([...line.split(' '), '--data', world.server.data], environment)
      expect(code, stderr).toBe(0)
    }
  })
})
