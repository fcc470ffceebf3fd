import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
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

const payloadOf = (jwt: string) => JSON.parse(Buffer.from(jwt.split('.')[1]!, 'base64url').toString())

describe('mintmark tokens', () => {
  it('issues a token, prints it alone, and says its id and end on stderr', async () => {
    const { code, stdout, stderr } = await world.run('tokens issue --machine worker --expires-in 1h')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^mt_\w{51}\n$/)
    expect(stderr).toMatch(/^mt_[0-9a-f]{32} of mch_\w{27}, expires: \d{4}-\S+Z\. It is shown only now\.\n$/)
    expect(stderr).not.toContain(stdout.trim())
  })

  it('issues a JWT that says what it was given', async () => {
    const { stdout } = await world.run(
      'tokens issue --machine worker --format jwt --expires-in 90s',
      '--claims',
      '{"job":"nightly"}',
    )
    const payload = payloadOf(stdout)
    expect(payload).toMatchObject({ sub: world.server.env.MINTMARK_WORKER_MACHINE_ID, job: 'nightly' })
    expect(payload.exp - payload.iat).toBe(90)
  })

  it('issues one for the machine whose key is in the environment', async () => {
    const environment = {
      CLERK_API_URL: world.server.url,
      CLERK_MACHINE_SECRET_KEY: world.server.env.CLERK_MACHINE_SECRET_KEY!,
    }
    const { code, stdout } = await world.shell('mintmark tokens issue --json', environment)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      object: 'machine_to_machine_token',
      subject: world.server.env.MINTMARK_WORKER_MACHINE_ID,
    })
  })

  it('asks which machine issues, where nothing says so', async () => {
    const { code, stderr } = await world.run('tokens issue')
    expect(code).toBe(2)
    expect(stderr).toMatch(/^mintmark: A machine issues tokens: name one with --machine, [^\n]+\n$/)
  })

  it('gives out again one that is alike and lives long enough', async () => {
    const call = 'tokens issue --machine worker --expires-in 2h --min-remaining 1h'
    expect((await world.run(call)).stdout).toBe((await world.run(call)).stdout)
  })

  it('verifies a token from stdin and from a file, as the instance and as a machine in its scopes', async () => {
    const { code, stdout } = await world.shell(
      'mintmark tokens issue --machine worker --data "$DATA" | mintmark tokens verify --data "$DATA"',
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ID +mt_[0-9a-f]{32}\nState +active\nMachine +mch_/)
    const file = join(world.server.data, 'token')
    writeFileSync(file, (await world.run('tokens issue --machine worker')).stdout)
    expect((await world.run(`tokens verify --file ${file}`)).code).toBe(0)
    expect(await world.json(`tokens verify --machine api --file ${file}`)).toMatchObject({ revoked: false })
    const notMeant = await world.run(`tokens verify --machine worker --file ${file}`)
    expect(notMeant.code).toBe(1)
    expect(notMeant.stderr).toMatch(
      /^mintmark: The token is not active\. \(resource_not_found, trace \S+\)\n$/,
    )
  })

  it('says why a token is not active, to the holder of the instance key', async () => {
    const issued = await world.json('tokens issue --machine worker')
    const revoked = await world.run(`tokens revoke ${issued.id}`, '--reason', 'the laptop was lost')
    expect(revoked.stdout).toMatch(/^State +revoked\nReason +the laptop was lost$/m)
    const script = 'printenv TOKEN | mintmark tokens verify --data "$DATA"'
    const { code, stdout, stderr } = await world.shell(script, { TOKEN: issued.token })
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(
      /^mintmark: The token is not active: it was revoked\. \(resource_not_found, trace \S+\)\n$/,
    )
  })

  it.each([
    ['nothing', "printf ''"],
    ['several words', "echo 'not a token'"],
    ['far too much', 'head -c 70000 /dev/zero | tr "\\0" a'],
  ])('takes %s for no token, with 2', async (_what, write) => {
    const { code, stderr } = await world.shell(`${write} | mintmark tokens verify --data "$DATA"`)
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: 'mintmark: There is no token in the input: it is one word.\n',
    })
  })

  it('says that the file with the token cannot be read', async () => {
    const { code, stderr } = await world.run('tokens verify --file /nowhere/token')
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'mintmark: The file /nowhere/token cannot be read.\n',
    })
  })

  it('lists what a machine issued, without the tokens, and without those that are over unless asked', async () => {
    const issued = await world.json('tokens issue --machine api --expires-in 1h')
    const { code, stdout, stderr } = await world.run('tokens list --machine api')
    expect(code).toBe(0)
    expect(stderr).toBe(
      'Not in this list: revoked tokens (--revoked), expired tokens (--expired), JWTs (--format jwt).\n',
    )
    const all = await world.run('tokens list --machine api --format jwt --revoked --expired')
    expect(all.stderr).toBe('There are none.\n')
    const jwt = await world.json('tokens issue --machine worker --format jwt')
    expect((await world.run('tokens list --machine worker --format jwt')).stdout).toContain(jwt.id)
    expect(stdout).toMatch(
      /^ID +STATE +EXPIRES +LAST USED +CREATED +CLAIMS\nmt_[0-9a-f]{32} +active +\d{4}-\S+Z +never +/,
    )
    expect(stdout).not.toContain(issued.token)
    await world.run(`tokens revoke ${issued.id}`)
    expect(await world.json('tokens list --machine api')).toEqual({ m2m_tokens: [], total_count: 0 })
    expect((await world.run('tokens list --machine api --revoked')).stdout).toMatch(/ revoked /)
    expect((await world.json('tokens list --machine api --format jwt')).total_count).toBe(0)
  })
})

// Whoever has a machine's key chooses its claims, and an operator's terminal must not act on them.
describe('claims that a terminal would act on', () => {
  it('are shown as they would be written', async () => {
    const claims = JSON.stringify({ name: 'left\u202etfel\u009b31m' })
    await world.run('tokens issue --machine api', '--claims', claims)
    for (const flag of ['', '--json']) {
      const { stdout } = await world.run(`tokens list --machine api ${flag}`)
      expect(stdout).toContain(String.raw`left\u202etfel\u009b31m`)
      expect(stdout).not.toMatch(/[\u202e\u009b]/)
    }
  })
})

describe('mintmark machine-tokens issue', () => {
  it('prints a JWT alone', async () => {
    const { code, stdout, stderr } = await world.run(
      'machine-tokens issue --machine mch_any --expires-in 5m',
      '--claims',
      '{"job":1}',
    )
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const payload = payloadOf(stdout)
    expect(payload).toMatchObject({ sub: 'mch_any', job: 1 })
    expect(payload.exp - payload.iat).toBe(300)
    expect(await world.json('machine-tokens issue --machine mch_any')).toMatchObject({ object: 'token' })
  })

  it('passes on what the authority refuses', async () => {
    const { code, stderr } = await world.run(
      'machine-tokens issue --machine mch_any',
      '--claims',
      '{"sub":"a"}',
    )
    expect(code).toBe(1)
    expect(stderr).toMatch(/\(machine_token_reserved_claim[^)]*, trace \S+\)\n$/)
  })
})

describe('mintmark testing-tokens', () => {
  it('makes one and verifies it', async () => {
    const { code, stdout } = await world.shell(
      'mintmark testing-tokens create --data "$DATA" | mintmark testing-tokens verify --data "$DATA"',
    )
    expect(code).toBe(0)
    expect(stdout).toMatch(/^ID +\S+\nState +active\nExpires +\d{4}-\S+Z\n$/)
    expect(await world.json('testing-tokens create')).toMatchObject({ object: 'testing_token' })
  })

  it('says that one is not active', async () => {
    const { code, stderr } = await world.shell('echo 1-c_a | mintmark testing-tokens verify --data "$DATA"')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^mintmark: The token is not active/)
  })
})

describe('mintmark actor-tokens', () => {
  it('makes a link that it prints alone, and revokes it by its id', async () => {
    const call = 'actor-tokens create --user user_2abcdefghijklmnopqrstuvwxyz --actor user_support'
    const { code, stdout, stderr } = await world.run(call, '--actor-details', '{"reason":"a call"}')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^https?:\/\/\S+\n$/)
    const [id] = /^act_\w{27}/.exec(stderr)!
    const revoked = await world.run(`actor-tokens revoke ${id}`)
    expect(revoked.stdout).toMatch(/^State +revoked$/m)
    expect(revoked.stdout).toContain('{"reason":"a call","sub":"user_support"}')
    const again = await world.run(`actor-tokens revoke ${id}`)
    expect(again.code).toBe(1)
    expect(again.stderr).toContain('actor_token_cannot_be_revoked_code')
    expect(await world.json(call)).toMatchObject({ object: 'actor_token', status: 'pending' })
  })
})

describe('mintmark tokens revoke, for many', () => {
  it('counts in a dry run, revokes with --yes, and leaves what is issued afterwards', async () => {
    await world.json('tokens issue --machine worker')
    const { stdout } = await world.run('tokens revoke --machine worker --dry-run')
    const count = Number(/^(\d+) tokens? would be revoked\.$/m.exec(stdout)?.[1])
    expect(count).toBeGreaterThan(0)
    const revoked = await world.run('tokens revoke --machine worker --reason moved --yes')
    expect(revoked.stdout).toMatch(/^Revoked: what was issued until \d{4}-\S+Z\.$/m)
    expect((await world.json('tokens list --machine worker')).total_count).toBe(0)
    await world.json('tokens issue --machine worker')
    expect(await world.json('tokens revoke --machine worker --dry-run')).toMatchObject({
      object: 'm2m_token_revocation',
      dry_run: true,
      count: 1,
    })
  })

  it('takes a time with its zone, for all of the instance', async () => {
    const asked = 'tokens revoke --issued-before 2020-01-01T00:00:00+02:00 --json --yes'
    const { revoked_until } = JSON.parse((await world.run(asked)).stdout)
    expect(new Date(revoked_until + 1).toISOString()).toBe('2019-12-31T22:00:00.000Z')
  })
})
