import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeFolder } from '../support/server-process.ts'
import { startWorld, type ApiWorld } from './api-world.ts'

let world: ApiWorld

beforeAll(async () => {
  world = await startWorld()
})

afterAll(async () => {
  await world.server.stop()
  removeFolder(world.server.data)
})

describe('mintmark machines', () => {
  it('makes one, prints its key once, and says where it belongs', async () => {
    const { code, stdout, stderr } = await world.run(
      'machines create --name billing --default-ttl 90m --scope api',
    )
    expect(code, stderr).toBe(0)
    expect(stdout).toMatch(
      /^ID {14}mch_\w{27}\nName {12}billing\nToken lifetime {2}90m\nVerified by {5}api\nCreated {9}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\nSecret key {6}ak_\w{51}\n$/,
    )
    expect(stderr).toMatch(/^Keep the key [^\n]+\n$/)
    expect(stderr).not.toContain('ak_')
  })

  it('answers --json with what the API answered, by the names of the wire', async () => {
    const made = await world.json('machines create --name wire --default-ttl 60')
    expect(made).toMatchObject({
      object: 'machine',
      name: 'wire',
      default_token_ttl: 60,
      scoped_machines: [],
    })
    expect(made.secret_key).toMatch(/^ak_\w{51}$/)
    const got = await world.json('machines get wire')
    expect(got).toEqual({ ...made, secret_key: undefined })
    expect(await world.json(`machines get ${made.id}`)).toEqual(got)
  })

  it('lists them in pages, and says on stderr how many there are', async () => {
    const all = await world.json('machines list')
    expect(all.data.length).toBe(all.total_count)
    const { code, stdout, stderr } = await world.run('machines list --limit 1 --order-by name')
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^ID +NAME +TOKEN LIFETIME +VERIFIED BY +CREATED\nmch_\w{27} +api +- +- +\d{4}-\S+Z\n$/,
    )
    expect(stderr).toBe(`1 of ${all.total_count}; --offset 1 shows what follows\n`)
    const found = await world.run('machines list --query work')
    expect(found.stdout.split('\n')).toHaveLength(3)
    expect(found.stderr).toBe('')
    expect((await world.run('machines list --query nothing-like-it')).stderr).toBe('There are none.\n')
  })

  it('changes a name and a lifetime', async () => {
    await world.run('machines create --name before')
    const { code, stdout } = await world.run('machines update before --name after --default-ttl 7d')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^Name +after$/m)
    expect(stdout).toMatch(/^Token lifetime +7d$/m)
  })

  it('prints a secret key alone, which is that of the machine', async () => {
    const { code, stdout, stderr } = await world.run('machines secret-key worker')
    expect({ code, stdout, stderr }).toEqual({
      code: 0,
      stdout: `${world.server.env.CLERK_MACHINE_SECRET_KEY}\n`,
      stderr: '',
    })
    expect(await world.json('machines secret-key worker')).toEqual({
      object: 'machine_secret_key',
      secret: stdout.trim(),
    })
  })

  it('gives a new key and lets the old one live for the overlap', async () => {
    const made = await world.json('machines create --name rotating')
    const { code, stdout, stderr } = await world.run('machines rotate-key rotating --overlap 1h --yes')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ak_\w{51}\n$/)
    expect(stdout.trim()).not.toBe(made.secret_key)
    expect(stderr).toMatch(/The one until now ends in 1h\.\n$/)
    for (const key of [made.secret_key, stdout.trim()]) {
      const environment = { MINTMARK_API_URL: world.server.url, MINTMARK_MACHINE_SECRET_KEY: key }
      expect((await world.shell('mintmark tokens issue', environment)).code).toBe(0)
    }
  })

  it('adds a scope and removes it', async () => {
    await world.run('machines create --name caller')
    expect((await world.run('machines scope add caller api')).code).toBe(0)
    expect((await world.run('machines get caller')).stdout).toMatch(/^Verified by +api$/m)
    const removed = await world.json('machines scope remove caller api')
    expect(removed).toMatchObject({ object: 'machine_scope', deleted: true })
    expect((await world.run('machines get caller')).stdout).toMatch(/^Verified by +-$/m)
  })

  it('deletes one where it is told to with --yes, and not otherwise', async () => {
    const { id } = await world.json('machines create --name doomed')
    const unasked = await world.run('machines delete doomed')
    expect(unasked).toEqual({
      code: 2,
      stdout: '',
      stderr: 'mintmark: This cannot be undone, and nobody is here to be asked: give --yes to do it.\n',
    })
    expect((await world.run('machines get doomed')).code).toBe(0)
    expect(await world.run('machines delete doomed --yes')).toEqual({
      code: 0,
      stdout: `Deleted  ${id}\n`,
      stderr: '',
    })
    expect((await world.run('machines get doomed')).code).toBe(1)
  })
})
