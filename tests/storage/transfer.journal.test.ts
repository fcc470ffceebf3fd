/** A restore with a journal: what was taken away after the backup stays so, and nothing else is. */
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { connectPostgres, type Place } from '../../packages/server/src/storage/transfer/connection.ts'
import {
  emptyPlace,
  exportJournal,
  fill,
  isActive,
  KINDS,
  removePlaces,
  restoreInto,
  rowsOf,
  serve,
  takeBackup,
  type Served,
  type World,
} from './transfer-world.ts'

afterAll(removePlaces)

describe.each(KINDS)('a restore of a backup of %s with a journal', (kind) => {
  const other = kind === 'sqlite' ? 'postgres' : 'sqlite'
  let place: Place
  let served: Served
  let world: World
  let bytes: Buffer
  const open: Served[] = []

  beforeEach(async () => {
    place = await emptyPlace(kind)
    served = await serve(place)
    open.push(served)
    world = await fill(served)
    bytes = await takeBackup(place)
  })

  afterEach(async () => {
    for (const each of open.splice(0)) await each.close()
  })

  const post = async (path: string, body: object = {}, key = world.instanceKey) => {
    const answer = await served.request('POST', path, key, body)
    expect(answer.status, path).toBeLessThan(300)
    return answer.body
  }

  async function restored(journal?: readonly string[]) {
    const target = await emptyPlace(other)
    const summary = await restoreInto(target, bytes, { journal: journal ?? (await exportJournal(place)) })
    const after = await serve(target)
    open.push(after)
    return { target, summary, after }
  }

  it('revokes again what was revoked, and keeps every other token good', async () => {
    await post(`/v1/m2m_tokens/${world.opaque.id}/revoke`, { revocation_reason: 'leaked' })
    await post(`/v1/actor_tokens/${world.actorToken.id}/revoke`)
    const { target, summary, after } = await restored()
    expect(await isActive(after, world, world.opaque)).toBe(false)
    expect(await isActive(after, world, world.jwt)).toBe(true)
    expect(summary).toMatchObject({
      tokensNotBefore: null,
      actorTokensRevoked: 0,
      journal: { events: 2, replayed: { 'm2m_token.revoke': 1, 'actor_token.revoke': 1 } },
    })
    const [before, now] = [await rowsOf(place), await rowsOf(target)]
    expect(now.m2m_tokens).toEqual(before.m2m_tokens)
    expect(now.actor_tokens).toEqual(before.actor_tokens)
    expect(now.audit_events!.slice(0, before.audit_events!.length)).toEqual(before.audit_events)
  })

  it('keeps a pending actor token that was not revoked', async () => {
    const { after } = await restored()
    const path = `/v1/actor_tokens/${world.actorToken.id}/revoke`
    expect((await after.request('POST', path, world.instanceKey, {})).status).toBe(200)
  })

  it('refuses again what a bulk revocation of a machine ended', async () => {
    await post('/v1/m2m_tokens/revoke_all', { subject: world.issuer.id, revocation_reason: 'before: all' })
    const { target, after } = await restored()
    expect(await isActive(after, world, world.jwt)).toBe(false)
    expect(await isActive(after, world, world.opaque)).toBe(false)
    expect((await rowsOf(target)).machines).toEqual((await rowsOf(place)).machines)
  })

  it('refuses again what a bulk revocation of the instance ended', async () => {
    await post('/v1/m2m_tokens/revoke_all', { issued_before: Date.now() })
    const { target } = await restored()
    expect((await rowsOf(target)).instances).toEqual((await rowsOf(place)).instances)
  })

  it('deletes again machines, scopes and users, and revokes signing keys', async () => {
    const { body } = await served.request('GET', '/v1/signing_keys', world.instanceKey)
    const pending = body.data.find((key: { status?: string; state?: string }) =>
      [key.status, key.state].includes('next'),
    )
    await post(`/v1/signing_keys/${pending.id}/revoke`)
    const scope = `/v1/machines/${world.issuer.id}/scopes/${world.reader.id}`
    expect((await served.request('DELETE', scope, world.instanceKey)).status).toBe(200)
    const user = `/v1/users/${world.user}`
    expect((await served.request('DELETE', user, world.instanceKey)).status).toBe(200)
    const machine = `/v1/machines/${world.reader.id}`
    expect((await served.request('DELETE', machine, world.instanceKey)).status).toBe(200)
    const { target, summary } = await restored()
    const [before, now] = [await rowsOf(place), await rowsOf(target)]
    for (const table of ['machines', 'machine_scopes', 'machine_secret_keys', 'users', 'user_identifiers']) {
      expect(now[table], table).toEqual(before[table])
    }
    const revokedAt = (lines: readonly string[]) => lines.map((line) => JSON.parse(line)[11])
    expect(revokedAt(now.signing_keys!)).toEqual(revokedAt(before.signing_keys!))
    expect(summary.journal!.instancesWithRevokedSigningKey).toHaveLength(1)
  })

  it('ends the keys that were replaced when their overlap did, and names who needs another', async () => {
    await post(`/v1/machines/${world.issuer.id}/secret_key/rotate`, { previous_token_ttl: 0 })
    await post(`/v1/machines/${world.reader.id}/secret_key/rotate`, { previous_token_ttl: 3_600 })
    const { summary, after } = await restored()
    const issue = await after.request('POST', '/v1/m2m_tokens', world.issuer.secretKey, {})
    expect(issue.status).toBe(401)
    expect(await isActive(after, world, world.jwt)).toBe(true)
    expect(summary.journal!.machinesWithoutKey.toSorted()).toEqual(
      [world.issuer.id, world.reader.id].toSorted(),
    )
    const again = `/v1/machines/${world.issuer.id}/secret_key/rotate`
    const { body } = await after.request('POST', again, world.instanceKey, { previous_token_ttl: 0 })
    expect((await after.request('POST', '/v1/m2m_tokens', body.secret, {})).status).toBe(201)
  })

  it('takes lines twice and in any order for what they say once', async () => {
    await post(`/v1/m2m_tokens/${world.opaque.id}/revoke`)
    await post(`/v1/m2m_tokens/${world.jwt.id}/revoke`)
    const journal = await exportJournal(place)
    const { target, summary } = await restored([...journal.toReversed(), '', ...journal])
    expect(summary.journal!.events).toBe(2)
    expect((await rowsOf(target)).m2m_tokens).toEqual((await rowsOf(place)).m2m_tokens)
  })

  it('goes on after the last number of the journal', async () => {
    await post('/v1/m2m_tokens', {}, world.issuer.secretKey)
    const journal = await exportJournal(place)
    const last = Math.max(...journal.map((line) => JSON.parse(line).number))
    const { target, after } = await restored(journal)
    await after.request('POST', '/v1/m2m_tokens', world.issuer.secretKey, {})
    const numbers = (await rowsOf(target)).audit_events!.map((line) => JSON.parse(line)[0])
    expect(numbers.slice(-3)).toEqual([last + 1, last + 2, last + 3])
  })

  it('refuses a journal that begins after the backup, is of another database, or is none', async () => {
    await post(`/v1/m2m_tokens/${world.opaque.id}/revoke`)
    const journal = await exportJournal(place)
    const refused = async (lines: readonly string[], message: RegExp) => {
      const target = await emptyPlace(other)
      await expect(restoreInto(target, bytes, { journal: lines })).rejects.toThrow(message)
      await restoreInto(target, bytes)
    }
    await refused([], /does not reach back/)
    await refused(journal.slice(-1), /does not reach back/)
    await refused(['{"number":1}'], /^journal\.jsonl: Line 1 of the journal is not an event/)
    await refused(['null'], /Line 1 of the journal is not an event/)
    const foreign = journal.map((line) => line.replace(/"traceId":"[^"]*"/, '"traceId":"another"'))
    await refused(foreign, /is not of this database/)
  })
})

it('refuses a journal of SQLite in which an event is missing', async () => {
  const place = await emptyPlace('sqlite')
  const served = await serve(place)
  const world = await fill(served)
  const bytes = await takeBackup(place)
  for (let count = 0; count < 3; count++) {
    await served.request('POST', '/v1/m2m_tokens', world.issuer.secretKey, {})
  }
  await served.close()
  const journal = await exportJournal(place)
  const target = await emptyPlace('sqlite')
  const gap = restoreInto(target, bytes, { journal: journal.toSpliced(-2, 1) })
  await expect(gap).rejects.toThrow(/The journal is not whole: 1 event/)
})

it('refuses a journal of PostgreSQL that begins at the last event, before which another may have ended later', async () => {
  const place = await emptyPlace('postgres')
  const served = await serve(place)
  const world = await fill(served)
  const bytes = await takeBackup(place)
  await served.request('POST', '/v1/m2m_tokens', world.issuer.secretKey, {})
  await served.close()
  const journal = await exportJournal(place)
  const target = await emptyPlace('sqlite')
  await expect(restoreInto(target, bytes, { journal: journal.slice(-2) })).rejects.toThrow(
    /does not reach back/,
  )
  await restoreInto(target, bytes, { journal })
})

it('replays an event of PostgreSQL that was committed after the backup under a lower number', async () => {
  const place = await emptyPlace('postgres')
  const served = await serve(place)
  const world = await fill(served)
  await served.request('POST', `/v1/m2m_tokens/${world.opaque.id}/revoke`, world.issuer.secretKey, {})
  await served.request('POST', '/v1/m2m_tokens', world.issuer.secretKey, {})
  await served.close()
  const journal = await exportJournal(place)
  // As the backup would have found them: the revocation not yet there, the event after it already.
  const { sql, close } = await connectPostgres(place.kind === 'postgres' ? place.url : '')
  await sql.run(
    `delete from audit_events where action = 'm2m_token.revoke' and target_id = ?`,
    world.opaque.id,
  )
  await sql.run('update m2m_tokens set revoked_at = null where id = ?', world.opaque.id)
  await close()
  const target = await emptyPlace('sqlite')
  const summary = await restoreInto(target, await takeBackup(place), { journal })
  expect(summary.journal).toMatchObject({ events: 1, replayed: { 'm2m_token.revoke': 1 } })
  const after = await serve(target)
  expect(await isActive(after, world, world.opaque)).toBe(false)
  expect(await isActive(after, world, world.jwt)).toBe(true)
  await after.close()
})

it('exports from a time on, with a minute before it', async () => {
  const place = await emptyPlace('sqlite')
  const served = await serve(place)
  await fill(served)
  await served.close()
  const all = await exportJournal(place)
  expect(all.map((line) => JSON.parse(line).number)).toEqual(all.map((_line, index) => index + 1))
  expect(await exportJournal(place, Date.now())).toEqual(all)
  expect(await exportJournal(place, Date.now() + 120_000)).toEqual([])
})
