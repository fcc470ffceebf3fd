import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeFolder, runCli } from '../support/server-process.ts'
import { startWorld, type ApiWorld } from './api-world.ts'

let world: ApiWorld

beforeAll(async () => {
  world = await startWorld()
})

afterAll(async () => {
  await world.server.stop()
  removeFolder(world.server.data)
})

describe('mintmark users', () => {
  it('makes, shows, changes, counts, lists and deletes a user', async () => {
    const made = await world.json(
      'users create --email ada@example.com --email ada@example.org --first-name Ada --external-id 7',
      '--public-metadata',
      '{"plan":"pro"}',
    )
    expect(made).toMatchObject({ object: 'user', external_id: '7', public_metadata: { plan: 'pro' } })
    const shown = await world.run(`users get ${made.id}`)
    expect(shown.stdout).toMatch(/^Email +ada@example\.com, ada@example\.org$/m)
    expect(shown.stdout).toMatch(/^Public metadata +\{"plan":"pro"\}$/m)
    const changed = await world.run(`users update ${made.id} --last-name Lovelace`)
    expect(changed.stdout).toMatch(/^Name +Ada Lovelace$/m)
    await world.run('users create --username bob')
    expect((await world.run('users count')).stdout).toBe('2\n')
    expect(await world.json('users count --email ada@example.com')).toMatchObject({ total_count: 1 })
    const page = await world.run('users list --limit 1')
    expect(page.stdout).toMatch(/^ID +NAME +EMAIL +EXTERNAL ID +CREATED\nuser_\w{27} +bob +- +- +/)
    expect(page.stderr).toBe('1 of 2; --offset 1 shows what follows\n')
    const [listed] = await world.json('users list --query lovelace')
    expect(listed.id).toBe(made.id)
    expect((await world.run(`users delete ${made.id}`)).code).toBe(2)
    expect((await world.run(`users delete ${made.id} --yes`)).stdout).toBe(`Deleted  ${made.id}\n`)
    expect((await world.run('users count')).stdout).toBe('1\n')
  })

  it('knows a user by an email address, too', async () => {
    const { id } = await world.json('users create --email grace@example.com')
    expect(await world.json('users get grace@example.com')).toMatchObject({ id })
    const changed = await world.json('users update grace@example.com --first-name Grace')
    expect(changed).toMatchObject({ id, first_name: 'Grace' })
    const made = await world.json('actor-tokens create --user grace@example.com --actor user_any')
    expect(made).toMatchObject({ user_id: id })
    expect((await world.run('users delete grace@example.com --yes')).stdout).toBe(`Deleted  ${id}\n`)
    const gone = await world.run('users get grace@example.com')
    expect(gone.stderr).toBe('mintmark: No user has that email address: "mintmark users list" shows them.\n')
  })

  it('passes on what the authority refuses, with the name of what is wrong', async () => {
    const { code, stdout, stderr } = await world.run('users create --email nobody')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/^mintmark: [^\n]+ \(form_\w+, email_address\.0, trace \S+\)\n$/)
  })
})

describe('mintmark keys', () => {
  it('publishes a new signing key, lists both, and revokes one', async () => {
    const first = await world.json('keys list')
    expect(first.data).toMatchObject([{ object: 'signing_key', state: 'active' }])
    expect((await world.run('keys rotate')).code).toBe(2)
    const rotated = await world.run('keys rotate --activate-in 1h --overlap 7d --yes')
    expect(rotated.code).toBe(0)
    expect(rotated.stdout).toMatch(/^State +next$/m)
    expect(rotated.stderr).toContain('CLERK_JWT_KEY')
    const { stdout } = await world.run('keys list')
    expect(stdout).toMatch(
      /^ID +STATE +ALG +SIGNS FROM +ACCEPTED UNTIL +CREATED\n\S+ +next +RS256 .*\n\S+ +active +RS256 /,
    )
    const [next] = (await world.json('keys list')).data
    expect((await world.run(`keys revoke ${next.id}`)).code).toBe(2)
    const revoked = await world.run(`keys revoke ${next.id} --yes`)
    expect(revoked.stdout).toMatch(/^State +revoked$/m)
    expect(revoked.stderr).toBe('')
    expect(await world.json('keys rotate --activate-in 0 --yes')).toMatchObject({ state: 'active' })
  })

  it('says from when on programs need a new key that does not sign yet, and where it is', async () => {
    const { code, stdout, stderr } = await world.run('keys rotate --activate-in 1h --yes')
    expect(code).toBe(0)
    const from = /^Signs from +(\S+)$/m.exec(stdout)![1]
    expect(stderr).toBe(
      `From ${from} on, programs that were given the public key as CLERK_JWT_KEY need the new one: "mintmark keys list --json" has it as public_key now, and "mintmark env" prints it from then on.\n`,
    )
    const { data } = await world.json('keys list')
    const next = data.find(({ state }: { state: string }) => state === 'next')
    const env = JSON.parse((await runCli(['env', '--json', '--data', world.server.data])).stdout)
    expect(next.public_key.trim()).not.toBe(env.CLERK_JWT_KEY)
    expect((await world.run(`keys revoke ${next.id} --yes`)).code).toBe(0)
  })

  it('names the flag that ends the wait for a pending key', async () => {
    await world.json('keys rotate --activate-in 1h --yes')
    const { code, stderr } = await world.run('keys rotate --yes')
    expect(code).toBe(1)
    expect(stderr).toMatch(/activate it at once with --activate-in 0\. \(conflict, trace \S+\)\n$/)
    await world.json('keys rotate --activate-in 0 --yes')
  })

  it('says which key signs after the one that signed was revoked, and what its tokens are then', async () => {
    const issued = await world.json('tokens issue --machine worker --format jwt')
    const signer = (await world.json('keys list')).data.find(isActive).id
    const { code, stdout, stderr } = await world.run(`keys revoke ${signer} --yes`)
    const next = (await world.json('keys list')).data.find(isActive).id
    expect(next).not.toBe(signer)
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: `${next} signs now.\nPrograms that were given the public key as CLERK_JWT_KEY need the new one: "mintmark env".\n`,
    })
    expect(stdout).toMatch(/^State +revoked$/m)
    const script = 'printenv TOKEN | mintmark tokens verify --data "$DATA"'
    expect((await world.shell(script, { TOKEN: issued.token })).stderr).toContain(
      'its signature does not fit, or its key is revoked or unknown.',
    )
    expect(await world.json(`keys revoke ${signer} --yes`)).toMatchObject({ id: signer, state: 'revoked' })
  })
})

const isActive = (key: { readonly state: string }): boolean => key.state === 'active'
