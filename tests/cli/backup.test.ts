/** `mintmark backup` and `mintmark restore` as their users run them. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createM2mClient, type M2mClient } from '../crash/m2m-client.ts'
import {
  removeFolder,
  runCli,
  startDev,
  temporaryFolder,
  type ServerProcess,
} from '../support/server-process.ts'
import { addTokens, databaseIn, folderWithKeyOf, killWhen } from './backup-world.ts'
import { runShell } from './shell.ts'

let server: ServerProcess
let client: M2mClient
let files: string
let backup: string
let revoked: { id: string; token: string }
let kept: { id: string; token: string }

beforeAll(async () => {
  server = await startDev()
  client = createM2mClient(server)
  files = temporaryFolder()
  backup = join(files, 'tokens.backup')
  revoked = (await client.issue())!.body
  kept = (await client.issue())!.body
  const { code, stderr } = await runCli(['backup', backup, '--data', server.data])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  expect((await client.revoke(revoked.id, 'leaked'))?.status).toBe(200)
})

afterAll(async () => {
  await server.stop()
  for (const folder of [server.data, files]) removeFolder(folder)
})

describe('mintmark backup', () => {
  it('writes, beside a running server, a file that only its owner reads', () => {
    expect(statSync(backup).mode & 0o777).toBe(0o600)
    const lines = gunzipSync(readFileSync(backup)).toString().split('\n')
    expect(JSON.parse(lines[0]!)).toMatchObject({ format: 'mintmark-backup', version: 1, store: 'sqlite' })
    expect(JSON.parse(lines.at(-2)!).end.tables.m2m_tokens).toMatchObject({ rows: 2 })
  })

  it('has no key and no token in it', () => {
    const text = gunzipSync(readFileSync(backup)).toString()
    const master = readFileSync(join(server.data, 'master.key'), 'utf8').trim()
    const secrets = [
      master,
      kept.token,
      revoked.token,
      ...Object.values(server.env).filter((value) => /^(?:sk_|ak_)/.test(value)),
    ]
    expect(secrets.length).toBeGreaterThanOrEqual(5)
    for (const secret of secrets) expect(text).not.toContain(secret)
    expect(text).not.toMatch(/-----BEGIN|"d":/)
  })

  it('prints a summary as JSON, and works without a server', async () => {
    const stopped = await startDev()
    await stopped.stop()
    const file = join(files, 'stopped.backup')
    const { code, stdout } = await runCli(['backup', file, '--data', stopped.data, '--json'])
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      file,
      database: stopped.data,
      lastAuditNumber: expect.any(Number),
      tables: { instances: { rows: 1, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) } },
    })
    expect(JSON.parse(stdout)).not.toHaveProperty('schema')
    removeFolder(stopped.data)
  })

  it('writes to stdout, from where restore reads', async () => {
    const target = folderWithKeyOf(server.data)
    const script = 'mintmark backup - --data "$FROM" | mintmark restore - --data "$TO" --json'
    const { code, stdout } = await runShell(script, { FROM: server.data, TO: target })
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      database: target,
      rows: { m2m_tokens: 2 },
      advice: expect.arrayContaining([expect.stringMatching(/have to issue new tokens/)]),
    })
    removeFolder(target)
  })

  it('overwrites nothing, and leaves nothing where it cannot write', async () => {
    const before = readFileSync(backup)
    const again = await runCli(['backup', backup, '--data', server.data])
    expect(again).toEqual({ code: 1, stdout: '', stderr: expect.stringContaining('is there already') })
    expect(readFileSync(backup)).toEqual(before)
    const nowhere = await runCli(['backup', join(files, 'no', 'such'), '--data', server.data])
    expect(nowhere).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/cannot be written \(ENOENT\)/),
    })
  })

  it('says what is missing where there is no database', async () => {
    const { code, stderr } = await runCli(['backup', join(files, 'x'), '--data', files])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^mintmark: There is no Mintmark database in /)
    expect(existsSync(join(files, 'x'))).toBe(false)
  })
})

/** Restores into a folder of its own and asks a server on it. */
async function afterRestore(
  flags: readonly string[],
  ask: (client: M2mClient) => Promise<void>,
): Promise<string> {
  const data = folderWithKeyOf(server.data)
  const { code, stderr } = await runCli(['restore', backup, '--data', data, ...flags])
  expect(code).toBe(0)
  const restored = await startDev({ data })
  try {
    await ask(createM2mClient(restored))
  } finally {
    await restored.stop()
    removeFolder(data)
  }
  return stderr
}

const isActive = async (asked: M2mClient, { token }: { token: string }) =>
  (await asked.verify(token))?.status === 200

describe('mintmark restore', () => {
  it('refuses all tokens of before where nobody says what was revoked, and says so', async () => {
    const advice = await afterRestore([], async (restored) => {
      expect(await isActive(restored, revoked)).toBe(false)
      expect(await isActive(restored, kept)).toBe(false)
      const issued = (await restored.issue())!.body
      expect(await isActive(restored, issued)).toBe(true)
    })
    expect(advice).toMatch(/have to issue new tokens/)
    expect(advice).toMatch(/are good again: rotate or revoke those/)
  })

  it('with a journal refuses what was revoked and keeps the rest', async () => {
    const journal = join(files, 'journal.jsonl')
    const exported = await runCli(['audit', 'export', '--data', server.data])
    expect(exported).toMatchObject({ code: 0, stderr: '' })
    writeFileSync(journal, exported.stdout)
    const advice = await afterRestore(['--journal', journal], async (restored) => {
      expect(await isActive(restored, revoked)).toBe(false)
      expect(await isActive(restored, kept)).toBe(true)
    })
    expect(advice).toMatch(/^The journal ends at /)
  })

  it('refuses a folder with a database, and one that a server uses', async () => {
    const { code, stdout, stderr } = await runCli(['restore', backup, '--data', server.data])
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^mintmark: Another Mintmark server uses the data folder/)
    const stopped = await startDev()
    await stopped.stop()
    const before = readFileSync(databaseIn(stopped.data))
    const refused = await runCli(['restore', backup, '--data', stopped.data])
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(/^mintmark: There is a database in .* already/)
    expect(readFileSync(databaseIn(stopped.data))).toEqual(before)
    removeFolder(stopped.data)
  })

  it('refuses what is no backup or no journal, with one line that names it, and leaves no folder', async () => {
    const parent = temporaryFolder()
    const data = join(parent, 'new', 'folder')
    const damaged = join(files, 'damaged.backup')
    const bytes = readFileSync(backup)
    const middle = Math.floor(bytes.length / 2)
    writeFileSync(damaged, bytes.fill(0xff, middle, middle + 20))
    const journal = join(files, 'not-a-journal')
    writeFileSync(journal, 'hello\n')
    const calls: [string[], RegExp][] = [
      [[join(files, 'missing')], /missing cannot be read \(ENOENT\)/],
      [[journal], /not-a-journal cannot be unpacked: it is damaged, or not a backup of Mintmark\.$/m],
      [[damaged], /damaged\.backup (?:is damaged|cannot be unpacked: it is damaged)/],
      [[files], new RegExp(`^mintmark: ${files} is a folder\\.$`, 'm')],
      [[backup, '--journal', join(files, 'missing')], /missing cannot be read \(ENOENT\)/],
      [[backup, '--journal', journal], /not-a-journal: Line 1 of the journal is not an event/],
    ]
    for (const [args, message] of calls) {
      const { code, stdout, stderr } = await runCli(['restore', ...args, '--data', data])
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
      expect(stderr).toMatch(message)
      expect(stderr.trimEnd()).not.toContain('\n')
      expect(readdirSync(parent)).toEqual([])
    }
    removeFolder(parent)
  })

  it('leaves an empty folder as it was when it is refused', async () => {
    const data = temporaryFolder()
    expect((await runCli(['restore', files, '--data', data])).code).toBe(1)
    expect((await runCli(['restore', join(files, 'not-a-journal'), '--data', data])).code).toBe(1)
    expect(readdirSync(data)).toEqual([])
    removeFolder(data)
  })

  it('leaves no database when it is killed, and can be run again', async () => {
    const stopped = await startDev()
    await createM2mClient(stopped).issue()
    await stopped.stop()
    addTokens(stopped.data, 200_000)
    const file = join(files, 'large.backup')
    expect((await runCli(['backup', file, '--data', stopped.data])).code).toBe(0)
    const data = folderWithKeyOf(stopped.data)
    const unfinished = `${databaseIn(data)}.restoring`
    const args = ['restore', file, '--data', data]
    const isUnderWay = () => existsSync(unfinished) && statSync(unfinished).size > 1_000_000
    expect(await killWhen(args, isUnderWay)).toBe(true)
    expect(existsSync(databaseIn(data))).toBe(false)
    for (const command of ['serve', 'dev']) {
      const refused = await runCli([command, '--data', data, '--port', '0'])
      expect(refused).toMatchObject({ code: 1, stdout: '' })
      expect(refused.stderr).toContain(
        'A restore into this folder was not finished. Run "mintmark restore" again, or remove mintmark.db.restoring.',
      )
    }
    expect(existsSync(databaseIn(data))).toBe(false)
    expect((await runCli(args)).code).toBe(0)
    expect(existsSync(unfinished)).toBe(false)
    for (const folder of [stopped.data, data]) removeFolder(folder)
  })
})
