import { createClerkClient } from '@clerk/backend'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Compat, refusalOf, refused, startCompat } from './support.ts'

let compat: Compat

beforeAll(async () => {
  compat = await startCompat()
})

afterAll(() => compat.close())

const UNKNOWN = `mch_${'0'.repeat(27)}`
const notFound = refused(404, 'resource_not_found')

describe('machines.create', () => {
  it('makes a machine with its scopes, its default lifetime and its secret key', async () => {
    const { machines } = compat.instance
    const callee = await machines.create({ name: 'callee' })
    const before = Date.now()
    const caller = await machines.create({
      name: 'caller ☂',
      scopedMachines: [callee.id],
      defaultTokenTtl: 90,
    })
    expect(caller).toMatchObject({
      id: expect.stringMatching(/^mch_\w{27}$/),
      name: 'caller ☂',
      instanceId: compat.server.env.MINTMARK_INSTANCE_ID,
      defaultTokenTtl: 90,
      secretKey: expect.stringMatching(/^ak_[0-9A-Za-z]+$/),
      updatedAt: caller.createdAt,
    })
    // Milliseconds, as JavaScript counts.
    expect(caller.createdAt).toBeGreaterThanOrEqual(before)
    expect(caller.createdAt).toBeLessThanOrEqual(Date.now())
    const { secretKey: _secretKey, ...known } = callee
    expect(caller.scopedMachines).toEqual([{ ...known, secretKey: undefined }])
  })

  it('refuses what is not a machine, naming the parameter', async () => {
    const { machines } = compat.instance
    expect(await refusalOf(machines.create({} as { name: string }))).toEqual(
      refused(422, 'form_param_missing', { paramName: 'name' }),
    )
    expect(await refusalOf(machines.create({ name: 'x'.repeat(256) }))).toEqual(
      refused(422, 'form_param_max_length_exceeded', { paramName: 'name' }),
    )
    expect(await refusalOf(machines.create({ name: 'x', defaultTokenTtl: 0 }))).toEqual(
      refused(422, 'form_param_value_invalid', { paramName: 'default_token_ttl' }),
    )
    const scopedMachines = Array.from({ length: 151 }, () => UNKNOWN)
    expect(await refusalOf(machines.create({ name: 'x', scopedMachines }))).toEqual(
      refused(422, 'form_param_array_size_exceeded', { paramName: 'scoped_machines' }),
    )
  })

  it('refuses a scope that the instance does not have', async () => {
    const { machines } = compat.instance
    expect(await refusalOf(machines.create({ name: 'x', scopedMachines: [UNKNOWN] }))).toEqual(notFound)
  })
})

describe('machines.get, list, update and delete', () => {
  it('gets a machine without its secret key', async () => {
    const { secretKey: _secretKey, ...created } = await compat.instance.machines.create({ name: 'got' })
    const got = await compat.instance.machines.get(created.id)
    expect(got).toEqual({ ...created, secretKey: undefined })
    // Clients call `map` on it, whatever the machine may reach.
    expect(got.scopedMachines).toEqual([])
  })

  it('lists machines newest first, or by name, a page at a time', async () => {
    const { machines } = compat.instance
    const made = []
    for (const name of ['listed-b', 'listed-c', 'listed-a']) made.push((await machines.create({ name })).id)
    const [b, c, a] = made

    const ids = async (more: Parameters<typeof machines.list>[0]) => {
      const { data, totalCount } = await machines.list({ query: 'LISTED-', ...more })
      return { ids: data.map(({ id }) => id), totalCount }
    }
    expect(await ids({})).toEqual({ ids: [a, c, b], totalCount: 3 })
    expect(await ids({ orderBy: '+created_at' })).toEqual({ ids: [b, c, a], totalCount: 3 })
    expect(await ids({ orderBy: 'name' })).toEqual({ ids: [a, b, c], totalCount: 3 })
    expect(await ids({ orderBy: '-name' })).toEqual({ ids: [c, b, a], totalCount: 3 })
    expect(await ids({ limit: 1, offset: 1 })).toEqual({ ids: [c], totalCount: 3 })
    expect(await ids({ query: c! })).toEqual({ ids: [c], totalCount: 1 })
    expect((await machines.list()).totalCount).toBeGreaterThanOrEqual(5)
  })

  it('changes what an update names and leaves the rest', async () => {
    const { machines } = compat.instance
    const created = await machines.create({ name: 'before', defaultTokenTtl: 60 })
    const machineId = created.id
    const renamed = await machines.update({ machineId, name: 'after' })
    expect(renamed).toMatchObject({ id: machineId, name: 'after', defaultTokenTtl: 60 })
    expect(renamed.updatedAt).toBeGreaterThanOrEqual(created.updatedAt)
    expect(await machines.update({ machineId, defaultTokenTtl: 120 })).toMatchObject({
      name: 'after',
      defaultTokenTtl: 120,
    })
    expect(await machines.get(machineId)).toMatchObject({ name: 'after', defaultTokenTtl: 120 })
  })

  it('deletes a machine, its key and every scope to it', async () => {
    const { machines } = compat.instance
    const machine = await compat.machine()
    const caller = await compat.machine([machine.id])
    expect(await machines.delete(machine.id)).toMatchObject({ id: machine.id, deleted: true })

    expect(await refusalOf(machines.get(machine.id))).toEqual(notFound)
    expect(await machines.get(caller.id)).toMatchObject({ scopedMachines: [] })
    expect(await refusalOf(machine.client.m2m.createToken())).toEqual(
      refused(401, 'machine_secret_key_invalid'),
    )
  })

  it('refuses an unknown id everywhere', async () => {
    const { machines } = compat.instance
    const calls = [
      machines.get(UNKNOWN),
      machines.get('mch_of_no_such_form'),
      machines.update({ machineId: UNKNOWN, name: 'x' }),
      machines.delete(UNKNOWN),
      machines.getSecretKey(UNKNOWN),
      machines.rotateSecretKey({ machineId: UNKNOWN, previousTokenTtl: 0 }),
      machines.createScope(UNKNOWN, UNKNOWN),
      machines.deleteScope(UNKNOWN, UNKNOWN),
    ]
    for (const refusal of await Promise.all(calls.map(refusalOf))) expect(refusal).toEqual(notFound)
  })
})

describe('machines.getSecretKey and rotateSecretKey', () => {
  it('gives out the same key again, and the new one after a rotation', async () => {
    const { machines } = compat.instance
    const { id: machineId, secretKey } = await compat.machine()
    expect(await machines.getSecretKey(machineId)).toEqual({ secret: secretKey })

    const rotated = await machines.rotateSecretKey({ machineId, previousTokenTtl: 0 })
    expect(rotated.secret).not.toBe(secretKey)
    expect(await machines.getSecretKey(machineId)).toEqual(rotated)
  })

  it('ends the previous key at once when it is given no time', async () => {
    const { id: machineId, client } = await compat.machine()
    const { secret } = await compat.instance.machines.rotateSecretKey({ machineId, previousTokenTtl: 0 })
    expect(await refusalOf(client.m2m.createToken())).toEqual(refused(401, 'machine_secret_key_invalid'))
    expect(await client.m2m.createToken({ machineSecretKey: secret })).toMatchObject({ subject: machineId })
  })

  it('lets the previous key and the new one overlap', async () => {
    const { id: machineId, client } = await compat.machine()
    const { secret } = await compat.instance.machines.rotateSecretKey({ machineId, previousTokenTtl: 60 })
    expect(await client.m2m.createToken()).toMatchObject({ subject: machineId })
    expect(await client.m2m.createToken({ machineSecretKey: secret })).toMatchObject({ subject: machineId })
  })

  it('refuses an overlap of more than eight hours', async () => {
    const { id: machineId } = await compat.machine()
    const asked = { machineId, previousTokenTtl: 28_801 }
    expect(await refusalOf(compat.instance.machines.rotateSecretKey(asked))).toEqual(
      refused(422, 'form_param_value_too_large', { paramName: 'previous_token_ttl' }),
    )
  })
})

describe('machines.createScope and deleteScope', () => {
  it('let another machine verify the tokens issued while the scope is there', async () => {
    const { machines } = compat.instance
    const [from, to] = [await compat.machine(), await compat.machine()]
    const unscoped = await from.client.m2m.createToken()
    expect(await machines.createScope(from.id, to.id)).toMatchObject({
      fromMachineId: from.id,
      toMachineId: to.id,
      createdAt: expect.any(Number),
    })
    const scoped = await from.client.m2m.createToken()
    expect(await to.client.m2m.verify({ token: scoped.token! })).toMatchObject({ scopes: [to.id] })
    expect(await refusalOf(to.client.m2m.verify({ token: unscoped.token! }))).toEqual(notFound)
    // A scope has one direction.
    const back = await to.client.m2m.createToken()
    expect(await refusalOf(from.client.m2m.verify({ token: back.token! }))).toEqual(notFound)

    expect(await machines.deleteScope(from.id, to.id)).toMatchObject({ deleted: true })
    expect(await machines.get(from.id)).toMatchObject({ scopedMachines: [] })
    expect(await refusalOf(machines.deleteScope(from.id, to.id))).toEqual(notFound)
  })

  it('refuse a scope that is there already, and one of a machine to itself', async () => {
    const { machines } = compat.instance
    const to = await compat.machine()
    const from = await compat.machine([to.id])
    expect(await refusalOf(machines.createScope(from.id, to.id))).toEqual(refused(409, 'conflict'))
    expect(await refusalOf(machines.createScope(from.id, from.id))).toEqual(
      refused(422, 'form_param_value_invalid', { paramName: 'to_machine_id' }),
    )
    expect(await refusalOf(machines.createScope(from.id, UNKNOWN))).toEqual(notFound)
  })
})

describe('machines', () => {
  it('are not open to a machine’s own key', async () => {
    const { secretKey } = await compat.machine()
    const { machines } = createClerkClient({ apiUrl: compat.server.url, secretKey })
    expect(await refusalOf(machines.list())).toEqual(refused(401, 'clerk_key_invalid'))
  })
})
