import { DatabaseSync } from 'node:sqlite'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createIdSource, m2mTokenId } from '../../packages/server/src/core/ids.ts'
import { systemRandom } from '../../packages/server/src/core/secrets/random.ts'
import { millis } from '../../packages/server/src/core/time.ts'
import { openPostgres } from '../../packages/server/src/storage/postgres.ts'
import { freshDatabase, type TestDatabase } from '../support/postgres.ts'
import {
  removeFolder,
  runCli,
  startDev,
  temporaryFolder,
  type ServerProcess,
} from '../support/server-process.ts'
import { anM2mToken, ELSEWHERE, HERE, NOON, openWithInstances } from '../storage/records.ts'

let server: ServerProcess

beforeAll(async () => {
  server = await startDev()
})

afterAll(async () => {
  await server.stop()
  removeFolder(server.data)
})

async function statsJson(data: string, environment: Record<string, string> = {}) {
  const { code, stdout, stderr } = await runCli(['stats', '--json', '--data', data], environment)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return JSON.parse(stdout)
}

async function post(path: string, key: string, body: object): Promise<{ id: string }> {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  expect(response.status).toBeLessThan(300)
  return (await response.json()) as { id: string }
}

const NONE = { live: 0, expired: 0, revoked: 0 }

describe('mintmark stats', () => {
  it('counts beside a running server what the server has committed, by kind and by state', async () => {
    const worker = server.env.MINTMARK_WORKER_SECRET_KEY ?? server.env.CLERK_MACHINE_SECRET_KEY!
    const instance = server.env.MINTMARK_SECRET_KEY ?? server.env.CLERK_SECRET_KEY!
    const before = await statsJson(server.data)
    expect(before.total.tokens).toEqual({ m2mOpaque: NONE, m2mJwt: NONE, actor: NONE, testing: NONE })
    expect(before.total.oldestLive).toBeNull()
    const oldest = Date.now()
    const revoked = await post('/v1/m2m_tokens', worker, {})
    await post(`/v1/m2m_tokens/${revoked.id}/revoke`, instance, {})
    await post('/v1/m2m_tokens', worker, {})
    await post('/v1/m2m_tokens', worker, { token_format: 'jwt', seconds_until_expiration: 3600 })
    await post('/v1/testing_tokens', instance, {})
    const user = { user_id: `user_${'a'.repeat(27)}`, expires_in_seconds: 60, actor: { sub: 'user_support' } }
    await post('/v1/actor_tokens', instance, user)
    const { total, instances, size } = await statsJson(server.data)
    expect(total.tokens).toEqual({
      m2mOpaque: { live: 1, expired: 0, revoked: 1 },
      m2mJwt: { live: 1, expired: 0, revoked: 0 },
      actor: { live: 1, expired: 0, revoked: 0 },
      testing: { live: 1, expired: 0, revoked: 0 },
    })
    expect(total.oldestLive).toBeGreaterThanOrEqual(oldest)
    expect(total.machines).toBe(before.total.machines)
    expect(total.machines).toBeGreaterThan(0)
    expect(total.auditEvents).toBe(before.total.auditEvents + 6)
    expect(instances).toEqual([{ ...total, id: server.env.MINTMARK_INSTANCE_ID, name: expect.any(String) }])
    expect(size).toEqual({
      bytes: expect.any(Number),
      reusable: expect.any(Number),
      log: expect.any(Number),
      tables: [],
    })
    expect(size.bytes + size.log).toBeGreaterThan(50_000)
  })

  it('prints a table of tokens, one of everything else, and how large the database is', async () => {
    const { code, stdout } = await runCli(['stats', '--data', server.data])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^INSTANCE +TOKENS +LIVE +EXPIRED +REVOKED$/m)
    expect(stdout).toMatch(/^all +M2M, opaque +\d+ +\d+ +\d+$/m)
    expect(stdout).toMatch(/^INSTANCE +NAME +MACHINES +USERS +AUDIT EVENTS +OLDEST LIVE M2M TOKEN$/m)
    expect(stdout).toMatch(/^Write-ahead log +\d+\.\d MB$/m)
  })

  it('says what is missing where there is no database, and makes none', async () => {
    const data = temporaryFolder()
    const { code, stderr } = await runCli(['stats', '--data', data])
    expect(code).toBe(1)
    expect(stderr).toMatch(/^mintmark: There is no Mintmark database in /)
    removeFolder(data)
  })

  it('refuses a schema that is older, and leaves it as it is', async () => {
    const data = temporaryFolder()
    const database = new DatabaseSync(join(data, 'mintmark.db'))
    database.exec('pragma user_version = 1')
    const { code, stderr } = await runCli(['stats', '--data', data])
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^mintmark: The database needs \d+ migration\(s\)\. Run "mintmark migrate" first\.\n$/,
    )
    expect(database.prepare('select name from sqlite_schema').all()).toEqual([])
    database.close()
    removeFolder(data)
  })
})

describe('mintmark stats on PostgreSQL', () => {
  let database: TestDatabase

  beforeAll(async () => {
    database = await freshDatabase()
  })

  afterAll(() => database.drop())

  it('counts each instance apart, and names the largest tables', async () => {
    const storage = await openWithInstances(() =>
      openPostgres({
        url: database.url,
        directUrl: null,
        poolSize: 2,
        listen: false,
        leaseMs: 1_000,
        clockSkewMs: 1_000,
        migrate: true,
        cachedTokens: 10,
      }),
    )
    const ids = createIdSource({ clock: { now: () => NOON }, random: systemRandom })
    const token = (change: object) => anM2mToken({ id: m2mTokenId(ids.uuid()), ...change })
    await storage.transaction(async ({ m2mTokens, machines }) => {
      for (const [id, instanceId] of [
        ['mch_here', HERE],
        ['mch_elsewhere', ELSEWHERE],
        ['mch_ended', ELSEWHERE],
      ] as const) {
        const times = { createdAt: NOON, updatedAt: NOON, defaultTokenTtl: null }
        await machines.insert({
          id: id as never,
          instanceId,
          name: id,
          scopes: [],
          tokensNotBefore: id === 'mch_ended' ? NOON : null,
          ...times,
        })
      }
      await m2mTokens.insert(token({ subject: 'mch_here' }))
      await m2mTokens.insert(token({ subject: 'mch_here', expiresAt: millis(NOON + 1) }))
      await m2mTokens.insert(token({ subject: 'mch_elsewhere', instanceId: ELSEWHERE, revokedAt: NOON }))
      // Revoked with all that its machine had issued, and one whose machine is no more.
      await m2mTokens.insert(token({ subject: 'mch_ended', instanceId: ELSEWHERE }))
      await m2mTokens.insert(token({ subject: 'mch_gone', instanceId: ELSEWHERE }))
    })
    await storage.close()
    const { instances, size } = await statsJson('', { MINTMARK_DATABASE_URL: database.url })
    const opaque = Object.fromEntries(
      instances.map((each: { id: string; tokens: { m2mOpaque: object } }) => [
        each.id,
        each.tokens.m2mOpaque,
      ]),
    )
    expect(opaque).toEqual({
      [HERE]: { live: 1, expired: 1, revoked: 0 },
      [ELSEWHERE]: { live: 0, expired: 0, revoked: 3 },
    })
    expect(instances.find(({ id }: { id: string }) => id === HERE).oldestLive).toBe(NOON)
    expect(size).toMatchObject({ log: null, reusable: null })
    expect(size.bytes).toBeGreaterThan(1_000_000)
    expect(size.tables.map(({ name }: { name: string }) => name)).toContain('m2m_tokens_rest')
  })
})
