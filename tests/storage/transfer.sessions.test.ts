/** A restore and what browsers have: no ticket that was used is good again, and no session that was ended goes on. */
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest'
import { changeBrowsing } from '../../packages/server/src/directory/instances/change.ts'
import {
  emptyPlace,
  exportJournal,
  fill,
  KINDS,
  removePlaces,
  restoreInto,
  serve,
  takeBackup,
  type Served,
  type World,
} from './transfer-world.ts'

afterAll(removePlaces)

describe.each(KINDS)('a restore of a backup of %s', (kind) => {
  const other = kind === 'sqlite' ? 'postgres' : 'sqlite'
  let served: Served
  let world: World
  let restored: (withJournal: boolean) => Promise<{ after: Served; summary: object }>
  const open: Served[] = []

  beforeEach(async () => {
    const place = await emptyPlace(kind)
    served = await serve(place)
    open.push(served)
    world = await fill(served)
    const bytes = await takeBackup(place)
    restored = async (withJournal) => {
      const target = await emptyPlace(other)
      const journal = withJournal ? { journal: await exportJournal(place) } : {}
      const summary = await restoreInto(target, bytes, journal)
      const after = await serve(target)
      open.push(after)
      return { after, summary }
    }
  })

  afterEach(async () => {
    for (const each of open.splice(0)) await each.close()
  })

  const post = async (path: string, body: object = {}) => {
    const answer = await served.request('POST', path, world.instanceKey, body)
    expect(answer.status, path).toBeLessThan(300)
    return answer.body
  }
  const get = async (on: Served, path: string) => (await on.request('GET', path, world.instanceKey)).body
  const sessionStatus = async (on: Served, id: string) => (await get(on, `/v1/sessions/${id}`)).status
  const isGood = async (on: Served, { token }: { token: string }) =>
    (await on.request('POST', '/v1/testing_tokens/verify', world.instanceKey, { token })).status === 200

  it('without a journal revokes each ticket, session and testing token that was good, and says how many', async () => {
    const { after, summary } = await restored(false)
    expect(summary).toMatchObject({
      actorTokensRevoked: 1,
      signInTokensRevoked: 1,
      testingTokensRevoked: 2,
      sessionsRevoked: 2,
    })
    await expect(after.signIn(world.actorToken.token)).rejects.toThrow('revoked')
    await expect(after.signIn(world.signInToken.token)).rejects.toThrow('revoked')
    expect(await isGood(after, world.testingToken)).toBe(false)
    for (const id of [world.session.id, world.impersonation.sessionId]) {
      expect(await sessionStatus(after, id)).toBe('revoked')
      const token = await after.request('POST', `/v1/sessions/${id}/tokens`, world.instanceKey, {})
      expect(token.status).toBe(404)
    }
    const { status } = await get(after, `/v1/actor_tokens/${world.impersonation.actorTokenId}`)
    expect(status).toBe('accepted')
  })

  it('with a journal leaves good what nobody has used or ended since', async () => {
    const { after, summary } = await restored(true)
    expect(summary).toMatchObject({
      actorTokensRevoked: 0,
      signInTokensRevoked: 0,
      testingTokensRevoked: 0,
      sessionsRevoked: 0,
    })
    for (const id of [world.session.id, world.impersonation.sessionId]) {
      expect(await sessionStatus(after, id)).toBe('active')
    }
    await after.signIn(world.actorToken.token)
    await after.signIn(world.signInToken.token)
  })

  // Stops a link from being used twice because the server was lost in between.
  it('with a journal takes no ticket that was redeemed or revoked since', async () => {
    await served.signIn(world.actorToken.token)
    await post(`/v1/sign_in_tokens/${world.signInToken.id}/revoke`)
    const { after } = await restored(true)
    await expect(after.signIn(world.actorToken.token)).rejects.toThrow('used')
    await expect(after.signIn(world.signInToken.token)).rejects.toThrow('revoked')
  })

  it('with a journal takes no sign-in ticket that was redeemed, and no actor token that was ended, since', async () => {
    await served.signIn(world.signInToken.token)
    await post(`/v1/actor_tokens/${world.actorToken.id}/end`)
    const { after } = await restored(true)
    await expect(after.signIn(world.signInToken.token)).rejects.toThrow('used')
    await expect(after.signIn(world.actorToken.token)).rejects.toThrow('revoked')
  })

  // Stops an impersonation that was ended from going on.
  it('with a journal ends again each session that was ended since', async () => {
    await post(`/v1/actor_tokens/${world.impersonation.actorTokenId}/end`, { reason: 'enough' })
    await post(`/v1/sessions/${world.session.id}/revoke`)
    const { after } = await restored(true)
    expect(await sessionStatus(after, world.impersonation.sessionId)).toBe('revoked')
    expect(await sessionStatus(after, world.session.id)).toBe('revoked')
  })

  it('with a journal ends the sessions of a user that was deleted since', async () => {
    const path = `/v1/users/${world.user}`
    expect((await served.request('DELETE', path, world.instanceKey)).status).toBe(200)
    const { after } = await restored(true)
    for (const id of [world.session.id, world.impersonation.sessionId]) {
      expect(await sessionStatus(after, id)).toBe('removed')
    }
    await expect(after.signIn(world.actorToken.token)).rejects.toThrow('User not found')
  })

  // Uses are in no event, so nobody knows how many were left.
  it('with a journal leaves no use of a testing token that has a limit, and others as they were', async () => {
    const before: { uses: number; max_uses: number | null }[] = (await get(served, '/v1/testing_tokens')).data
    const { after } = await restored(true)
    expect(await isGood(after, world.testingToken)).toBe(false)
    const expected = before.map((each) => ({ ...each, uses: each.max_uses ?? each.uses }))
    expect((await get(after, '/v1/testing_tokens')).data).toEqual(expected)
  })

  it('with a journal revokes again a testing token that was revoked since', async () => {
    await post(`/v1/testing_tokens/${world.testingToken.id}/revoke`)
    const { after } = await restored(true)
    const { revoked_at } = await get(after, `/v1/testing_tokens/${world.testingToken.id}`)
    expect(revoked_at).toEqual(expect.any(Number))
  })

  // Stops an origin that was struck off the list from being allowed again.
  it('with a journal in which the origins of an instance were changed allows none until they are told again', async () => {
    const { authority } = served
    const [instance] = await authority.storage.read.instances.list()
    const change = { allowedOrigins: ['https://app.example'] }
    await changeBrowsing(authority.deps, instance!.id, change, 'test')
    const { after } = await restored(true)
    expect((await after.authority.storage.read.instances.find(instance!.id))!.allowedOrigins).toEqual([])
  })
})
