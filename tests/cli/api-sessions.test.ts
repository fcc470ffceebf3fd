import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeFolder } from '../support/server-process.ts'
import { startWorld, type ApiWorld } from './api-world.ts'
import { startFakeApi } from './fake-api.ts'
import { redeemLink } from './frontend-request.ts'

let world: ApiWorld
let ada: string

beforeAll(async () => {
  world = await startWorld(['--frontend-port', '0'])
  ada = (await world.json('users create --email ada@example.com')).id
})

afterAll(async () => {
  await world.server.stop()
  removeFolder(world.server.data)
})

describe('mintmark sign-in-tokens', () => {
  it('makes a link that it prints alone, and that signs the user in', async () => {
    const { code, stdout, stderr } = await world.run('sign-in-tokens create ada@example.com --expires-in 10m')
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`^${world.server.frontendUrl}/sign-in\\?__clerk_ticket=ey[\\w.-]+\\n$`))
    expect(stderr).toMatch(new RegExp(`^sit_\\w{27}: works once, for ${ada}\\. It is shown only now\\.\\n$`))
    const sessionId = await redeemLink(world.server, stdout.trim())
    const { data } = await world.json(`sessions list --user ${ada} --status active`)
    expect(data).toMatchObject([{ id: sessionId, user_id: ada, actor: null }])
  })

  it('revokes one that was not used yet, once', async () => {
    const made = await world.json(`sign-in-tokens create ${ada}`)
    expect(made).toMatchObject({ object: 'sign_in_token', status: 'pending', user_id: ada })
    const { code, stdout } = await world.run(`sign-in-tokens revoke ${made.id}`)
    expect(code).toBe(0)
    expect(stdout).toMatch(
      new RegExp(`^ID +${made.id}\\nState +revoked\\nUser +${ada}\\nCreated +\\d{4}-\\S+Z\\n$`),
    )
    const again = await world.run(`sign-in-tokens revoke ${made.id}`)
    expect({ code: again.code, stdout: again.stdout }).toEqual({ code: 1, stdout: '' })
    expect(again.stderr).toContain('sign_in_token_cannot_be_revoked_code')
    await expect(redeemLink(world.server, made.url)).rejects.toThrow('sign_in_token_revoked_code')
  })

  it('says that no user has an address', async () => {
    const { code, stderr } = await world.run('sign-in-tokens create eve@example.com')
    expect(code).toBe(1)
    expect(stderr).toBe('mintmark: No user has that email address: "mintmark users list" shows them.\n')
  })
})

describe('mintmark sessions', () => {
  it('lists who is signed in, and who acts as whom', async () => {
    const grace = (await world.json('users create --email grace@example.com')).id
    const own = await redeemLink(world.server, (await world.json(`sign-in-tokens create ${grace}`)).url)
    const made = await world.json(`impersonate ${grace} --as user_support --reason any`)
    const acting = await redeemLink(world.server, made.url)
    const { code, stdout, stderr } = await world.run('sessions list --user grace@example.com')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const [titles, ...rows] = stdout.trimEnd().split('\n')
    expect(titles).toMatch(/^ID +USER +ACTOR +STATE +LAST ACTIVE +ENDS$/)
    expect(rows.map((row) => row.split(/ {2,}/).slice(0, 4))).toEqual([
      [acting, grace, 'user_support', 'active'],
      [own, grace, '-', 'active'],
    ])
    expect((await world.run('sessions list --limit 1')).stderr).toMatch(/^1 of \d+; --offset 1 shows/)
    expect(await world.json('sessions list --user', grace)).toMatchObject({ total_count: 2 })
  })

  it('ends one, which stays as it is when it is ended again', async () => {
    const link = (await world.json(`sign-in-tokens create ${ada}`)).url
    const sessionId = await redeemLink(world.server, link)
    const { code, stdout } = await world.run(`sessions revoke ${sessionId}`)
    expect(code).toBe(0)
    expect(stdout).toMatch(
      new RegExp(
        `^ID +${sessionId}\\nState +revoked\\nUser +${ada}\\nAddress +127\\.0\\.0\\.1\\nLast active +`,
      ),
    )
    expect(await world.json(`sessions revoke ${sessionId}`)).toMatchObject({ status: 'revoked' })
    const { data } = await world.json('sessions list --status revoked')
    expect(data.map(({ id }: { id: string }) => id)).toContain(sessionId)
  })

  it('says that there is none of an id', async () => {
    const { code, stdout, stderr } = await world.run('sessions revoke sess_2abcdefghijklmnopqrstuvwxyz')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(
      /^mintmark: No session has that id: "mintmark sessions list" shows them\. \(resource_not_found, trace \S+\)\n$/,
    )
  })
})

describe('mintmark testing-tokens, as things', () => {
  const stateOf = async (id: string) => {
    const { data } = await world.json('testing-tokens list')
    return data.find((each: { id: string }) => each.id === id)
  }

  it('have a name, an end and a number of uses, and are listed without their secret', async () => {
    const made = await world.run(
      'testing-tokens create --expires-in 8h --max-uses 2',
      '--label',
      'nightly run',
    )
    expect(made.stdout).toMatch(/^\d{10}-c_\w{51}\n$/)
    const { code, stdout, stderr } = await world.run('testing-tokens list')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(
      /^ID +LABEL +STATE +USES +EXPIRES +CREATED\ntt_[0-9a-f]{32} +nightly run +active +0 of 2 +\d{4}-\S+Z +\d{4}-\S+Z\n/,
    )
    expect(stdout).not.toContain(made.stdout.trim())
    const { data } = await world.json('testing-tokens list --limit 1')
    expect(data[0]).toMatchObject({ object: 'testing_token', label: 'nightly run', max_uses: 2, uses: 0 })
    expect(data[0].expires_at - Math.floor(data[0].created_at / 1000)).toBe(28_800)
  })

  it('are used up by being verified, and say so', async () => {
    const { token } = await world.json('testing-tokens create --max-uses 1')
    const { id } = (await world.json('testing-tokens list --limit 1')).data[0]
    const script = 'printenv TOKEN | mintmark testing-tokens verify --data "$DATA"'
    expect((await world.shell(script, { TOKEN: token })).stdout).toMatch(
      new RegExp(`^ID +${id}\\nState +active`),
    )
    const again = await world.shell(script, { TOKEN: token })
    expect(again.code).toBe(1)
    expect(again.stderr).toMatch(/^mintmark: The token is not active: it was used as often as it may be\. \(/)
    expect((await world.run('testing-tokens list --limit 1')).stdout).toMatch(/ used up +1 of 1 /)
  })

  it('are revoked by their id, and stay so', async () => {
    const { token } = await world.json('testing-tokens create')
    const { id } = (await world.json('testing-tokens list --limit 1')).data[0]
    const { code, stdout } = await world.run(`testing-tokens revoke ${id}`)
    expect(code).toBe(0)
    expect(stdout).toMatch(
      new RegExp(`^ID +${id}\\nState +revoked\\nUses +-\\nExpires +\\d{4}-\\S+Z\\nCreated +`),
    )
    const { revoked_at } = await world.json(`testing-tokens revoke ${id}`)
    expect(await stateOf(id)).toMatchObject({ revoked_at })
    const script = 'printenv TOKEN | mintmark testing-tokens verify --data "$DATA"'
    const { stderr } = await world.shell(script, { TOKEN: token })
    expect(stderr).toMatch(/^mintmark: The token is not active: it was revoked\. \(/)
  })

  it('are shown as expired once they are', async () => {
    const details = {
      object: 'testing_token',
      id: 'tt_a',
      label: null,
      max_uses: null,
      uses: 0,
      revoked_at: null,
    }
    const data = [{ ...details, expires_at: 1, created_at: 1 }]
    const api = await startFakeApi({ '/v1/testing_tokens': { data, total_count: 1 } })
    expect((await api.run('testing-tokens list')).stdout).toMatch(/^tt_a +- +expired +- +1970-/m)
    api.close()
  })

  it.each([
    [
      'an id that there is not',
      'testing-tokens revoke tt_00000000000000000000000000000000',
      'resource_not_found',
    ],
    ['a life that is too long', 'testing-tokens create --expires-in 366d', 'form_param_value_too_large'],
    ['no use at all', 'testing-tokens create --max-uses 0', 'max_uses'],
  ])('are refused with %s', async (_what, line, code) => {
    const refused = await world.run(line)
    expect({ code: refused.code, stdout: refused.stdout }).toEqual({ code: 1, stdout: '' })
    expect(refused.stderr).toContain(code)
  })

  it('are not made for an instance that is live', async () => {
    const create = ['--name', 'live', '--frontend-origin', 'https://clerk.live.example']
    const { id } = await world.json('instances create', ...create)
    const { code, stderr } = await world.run('testing-tokens create --instance', id)
    expect(code).toBe(1)
    expect(stderr).toMatch(/\(request_invalid_for_environment, trace \S+\)\n$/)
  })
})
