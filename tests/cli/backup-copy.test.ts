/** `mintmark copy` as its users run it: killed, run again, and given what it cannot use. */
import { existsSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createM2mClient } from '../crash/m2m-client.ts'
import { freshDatabase } from '../support/postgres.ts'
import { removeFolder, runCli, startDev, temporaryFolder } from '../support/server-process.ts'
import { addTokens, databaseIn, folderWithKeyOf, inDatabase, killWhen } from './backup-world.ts'

const TOKENS = 200_000

let source: string
let token: string
const folders: string[] = []

beforeAll(async () => {
  const server = await startDev()
  source = server.data
  token = (await createM2mClient(server).issue())!.body.token
  await server.stop()
  addTokens(source, TOKENS)
})

afterAll(() => [source, ...folders].forEach(removeFolder))

const newFolder = (): string => {
  const folder = folderWithKeyOf(source)
  folders.push(folder)
  return folder
}

/** How many tokens a copy that is under way has written. */
function copiedInto(folder: string): number {
  if (!existsSync(databaseIn(folder))) return 0
  try {
    return inDatabase(folder, (database) =>
      Number(
        database.prepare("select copied from copy_progress where table_name = 'm2m_tokens'").get()?.copied ??
          0,
      ),
    )
  } catch {
    // Its tables are not there yet, or the process that makes them has them just now.
    return 0
  }
}

/** As a person may see it. */
function withoutPassword(text: string): string {
  const { username, host, pathname } = new URL(text)
  return `postgres://${username === '' ? '' : `${username}@`}${host}${pathname}`
}

describe('mintmark copy', () => {
  it('goes on where it was killed, twice, and ends with a copy whose tokens are good', async () => {
    const target = newFolder()
    const args = ['copy', '--from', `sqlite:${source}`, '--to', `sqlite:${target}`]
    expect(await killWhen(args, () => copiedInto(target) > 0)).toBe(true)
    const first = copiedInto(target)
    expect(first).toBeGreaterThan(0)
    expect(first).toBeLessThan(TOKENS)
    expect(await killWhen(args, () => copiedInto(target) > first + 10_000)).toBe(true)
    const second = copiedInto(target)
    const { code, stdout, stderr } = await runCli([...args, '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const { resumedAt, tables } = JSON.parse(stdout)
    expect(resumedAt).toBeGreaterThanOrEqual(second)
    expect(tables.m2m_tokens.rows).toBe(TOKENS + 1)
    const server = await startDev({ data: target })
    expect((await createM2mClient(server).verify(token))?.status).toBe(200)
    await server.stop()
  })

  it('goes to PostgreSQL by a variable and back, without a word of the password', async () => {
    const database = await freshDatabase()
    const small = await startDev()
    await small.stop()
    folders.push(small.data)
    const back = newFolder()
    const environment = { TARGET_URL: database.url }
    const there = await runCli(
      ['copy', '--from', `sqlite:${small.data}`, '--to', 'env:TARGET_URL'],
      environment,
    )
    const name = withoutPassword(database.url)
    expect(there).toMatchObject({ code: 0, stdout: expect.stringContaining('the same on both sides') })
    expect(there.stdout).toMatch(new RegExp(`^Database +${name}$`, 'm'))
    expect(there.stderr).toContain(
      `MINTMARK_DATABASE_URL set to ${name} with its password and the same master`,
    )
    expect(there.stderr).toContain(`Do not start those of ${small.data} again`)
    const again = await runCli(['copy', '--from', 'env:TARGET_URL', '--to', `sqlite:${back}`], environment)
    expect(again.code).toBe(0)
    expect(again.stdout).toMatch(new RegExp(`^From +${name}$`, 'm'))
    await database.drop()
  })

  it('refuses a source or destination that a server uses', async () => {
    const server = await startDev()
    folders.push(server.data)
    const inUse = `sqlite:${server.data}`
    const calls = {
      from: ['--from', inUse, '--to', `sqlite:${newFolder()}`],
      to: ['--from', `sqlite:${source}`, '--to', inUse],
    }
    for (const [side, flags] of Object.entries(calls)) {
      const { code, stderr } = await runCli(['copy', ...flags])
      expect(code).toBe(1)
      expect(stderr).toMatch(new RegExp(`^mintmark: --${side}: Another Mintmark server uses the data folder`))
    }
    await server.stop()
  })

  it.each([
    ['no place', 'somewhere:s3cret', '--to must be sqlite:'],
    ['a variable that is not set', 'env:NOT_SET', 'NOT_SET is not set'],
    ['another kind of URL', 'mysql://user:s3cret@host/db', '--to must be sqlite:'],
  ])('refuses %s with 2', async (_what, place, message) => {
    const { code, stdout, stderr } = await runCli(['copy', '--from', `sqlite:${source}`, '--to', place])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr).not.toContain('s3cret')
  })

  it('refuses the same place twice with 2', async () => {
    const { code, stderr } = await runCli([
      'copy',
      '--from',
      `sqlite:${source}`,
      '--to',
      `sqlite:${source}/.`,
    ])
    expect(code).toBe(2)
    expect(stderr).toContain('are the same')
  })

  it.each([
    ['a server that is not there', 'postgres://user:s3cret@127.0.0.1:1/db'],
    ['a URL that is none', 'postgres://user:s3cret@:x:/db'],
  ])('says of %s that it cannot be used, without its password', async (_what, url) => {
    const flags = ['--from', `sqlite:${source}`, '--to', url]
    const { code, stdout, stderr } = await runCli(['copy', ...flags])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^mintmark: --to: The database (?:cannot be reached|URL must be)/)
    expect(stderr).not.toContain('s3cret')
  })

  it('says what is missing where there is no database to copy', async () => {
    const empty = temporaryFolder()
    folders.push(empty)
    const { code, stderr } = await runCli([
      'copy',
      '--from',
      `sqlite:${empty}`,
      '--to',
      `sqlite:${newFolder()}`,
    ])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^mintmark: --from: There is no Mintmark database in /)
  })
})
