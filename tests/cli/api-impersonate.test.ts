/** The whole life of an impersonation, as the person at the desk has it. */
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

const WHY = ['--reason', 'cannot check out'] as const
const start = async (...more: readonly string[]) =>
  world.json('impersonate ada@example.com --as user_support', ...WHY, ...more)
const audit = async () => (await world.run('audit tail -n 100')).stdout

describe('mintmark impersonate', () => {
  it('prints the link alone, and its id on stderr', async () => {
    const { code, stdout, stderr } = await world.run('impersonate ada@example.com --as user_support', ...WHY)
    expect(code).toBe(0)
    expect(stdout).toMatch(
      new RegExp(`^${world.server.frontendUrl}/v1/tickets/accept\\?ticket=ey[\\w.-]+\\n$`),
    )
    expect(stderr).toMatch(new RegExp(`^act_\\w{27}: works once, as ${ada}\\. It is shown only now\\.\\n$`))
  })

  it('says all that it was told to the authority, and to the audit log why', async () => {
    const told = ['--ticket', 'T-4711', '--permission', 'read', '--permission', 'write']
    const lengths = ['--expires-in', '5m', '--session-duration', '10m']
    const made = await start(...told, ...lengths)
    expect(made).toMatchObject({ object: 'actor_token', status: 'pending', user_id: ada })
    expect(made.url).toContain(made.token)
    const { data } = await world.json('impersonate list --limit 1')
    expect(data[0]).toMatchObject({
      id: made.id,
      user_id: ada,
      actor: { sub: 'user_support' },
      reason: 'cannot check out',
      ticket: 'T-4711',
      permissions: ['read', 'write'],
      session_max_duration_in_seconds: 600,
    })
    expect(data[0].expires_at - data[0].created_at).toBe(300_000)
    expect(await audit()).toMatch(
      new RegExp(
        `actor_token\\.issue +${made.id} .*as ${ada} by "user_support"; reason: cannot check out; ticket: T-4711`,
      ),
    )
  })

  it('takes the id of a user too, and any subject for who acts', async () => {
    const made = await world.json(`impersonate ${ada} --as ada.support@example.com`, ...WHY)
    expect(made).toMatchObject({ user_id: ada, actor: { sub: 'ada.support@example.com' } })
  })

  it.each([
    ['no reason', ['--as', 'a'], 'Say why with --reason, such as --reason'],
    ['an empty reason', ['--as', 'a', '--reason', ' '], 'Say why with --reason'],
    ['nobody who acts', ['--reason', 'a'], 'Say who acts with --as'],
    ['an empty name of who acts', ['--as', '', '--reason', 'a'], 'Say who acts with --as'],
  ])('ends with 2 for %s, says what is missing, and makes nothing', async (_what, flags, why) => {
    const before = (await world.json('impersonate list')).total_count
    const { code, stdout, stderr } = await world.run('impersonate ada@example.com', ...flags)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^mintmark: [^\n]+\n$/)
    expect(stderr).toContain(why)
    expect((await world.json('impersonate list')).total_count).toBe(before)
  })

  it('says that no user has an address', async () => {
    const { code, stdout, stderr } = await world.run('impersonate eve@example.com --as a', ...WHY)
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: '',
      stderr: 'mintmark: No user has that email address: "mintmark users list" shows them.\n',
    })
  })

  it('does not choose among several users', async () => {
    const user = { object: 'user', id: 'user_a' }
    const api = await startFakeApi({ '/v1/users': [user, { ...user, id: 'user_b' }] })
    const { code, stderr } = await api.run('impersonate ada@example.com --as a', ...WHY)
    api.close()
    expect(code).toBe(1)
    expect(stderr).toMatch(/^mintmark: Several users have that email address: give the id of one\./)
  })

  it('passes on what the authority refuses', async () => {
    const { code, stderr } = await world.run(
      'impersonate ada@example.com --as a',
      ...WHY,
      '--permission',
      'x'.repeat(65),
    )
    expect(code).toBe(1)
    expect(stderr).toMatch(/\(form_param_max_length_exceeded, permissions\S*, trace \S+\)\n$/)
  })

  // Stops a flag from being taken, without a word, for one of another command, such as --data for another server.
  it('ends with 2 for flags in front of a command under it', async () => {
    for (const line of ['impersonate --json list', 'impersonate --data /nowhere end act_a']) {
      const { code, stdout, stderr } = await world.run(line)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(
        /^mintmark: Put the flags behind "(?:list|end)": mintmark impersonate \w+ … --\w+\n$/,
      )
    }
  })
})

describe('mintmark impersonate list', () => {
  it('shows those of a user, newest first, with the state of the session once there is one', async () => {
    const grace = (await world.json('users create --email grace@example.com')).id
    const waiting = await world.json(`impersonate ${grace} --as user_a`, ...WHY)
    const link = (await world.run(`impersonate ${grace} --as user_b`, ...WHY)).stdout.trim()
    await redeemLink(world.server, link)
    const { code, stdout } = await world.run('impersonate list --user grace@example.com')
    expect(code).toBe(0)
    const [titles, active, pending, ...more] = stdout.trimEnd().split('\n')
    expect(titles).toMatch(/^ID +USER +ACTOR +REASON +STATE +STARTED$/)
    expect(active).toMatch(
      new RegExp(`^act_\\w{27} +${grace} +user_b +cannot check out +active +\\d{4}-\\S+Z$`),
    )
    expect(pending).toMatch(new RegExp(`^${waiting.id} +${grace} +user_a +cannot check out +pending +-$`))
    expect(more).toEqual([])
    expect(await world.json('impersonate list --status accepted --user', grace)).toMatchObject({
      total_count: 1,
      data: [{ status: 'accepted', session: { status: 'active', actor: { sub: 'user_b' } } }],
    })
  })

  it('says that there are none', async () => {
    const { code, stdout, stderr } = await world.run('impersonate list --user user_nobody')
    expect({ code, stdout, stderr }).toEqual({ code: 0, stdout: '', stderr: 'There are none.\n' })
  })

  it('has a word for each thing that can become of one', async () => {
    const link = (status: string, more: object = {}) => ({
      object: 'actor_token',
      id: `act_${status}`,
      status,
      user_id: 'user_a',
      actor: { sub: 'user_b' },
      reason: null,
      ticket: null,
      permissions: null,
      created_at: 1,
      updated_at: 1,
      expires_at: 4_000_000_000_000,
      session_max_duration_in_seconds: 1,
      session: null,
      ...more,
    })
    const session = (status: string) => ({ session: { object: 'session', status, created_at: 1_000 } })
    const data = [
      link('pending'),
      link('pending', { expires_at: 1 }),
      link('revoked'),
      link('accepted'),
      ...['active', 'ended', 'expired', 'abandoned'].map((status) => link('accepted', session(status))),
      link('revoked', session('revoked')),
    ]
    const api = await startFakeApi({ '/v1/actor_tokens': { data, total_count: data.length } })
    const { stdout } = await api.run('impersonate list')
    api.close()
    const rows = stdout.trimEnd().split('\n').slice(1)
    expect(rows.map((row) => row.split(/ {2,}/).slice(4))).toEqual([
      ['pending', '-'],
      ['expired', '-'],
      ['revoked', '-'],
      ['used', '-'],
      ...['active', 'ended', 'expired', 'abandoned', 'revoked'].map((each) => [each, '1970-01-01T00:00:01Z']),
    ])
  })
})

describe('mintmark impersonate end', () => {
  it('ends a link that waits, so that it opens nothing', async () => {
    const { id, url } = await start('--ticket', 'T-1')
    const { code, stdout, stderr } = await world.run(`impersonate end ${id}`, '--reason', 'found it')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(
      new RegExp(`^ID +${id}\\nState +revoked\\nUser +${ada}\\nActor +user_support\\nReason +cannot`),
    )
    expect(stdout).toMatch(/^Ticket +T-1\nSession +-\nStarted +-\nCreated +\d{4}-\S+Z\n$/m)
    await expect(redeemLink(world.server, url)).rejects.toThrow('actor_token_revoked_code')
    expect(await audit()).toMatch(
      new RegExp(`actor_token\\.end +${id} .*cannot check out; ticket: T-1; ended: found it`),
    )
  })

  it('ends one that is under way, so that its session is over', async () => {
    const { id, url } = await start('--permission', 'read')
    const sessionId = await redeemLink(world.server, url)
    const { stdout } = await world.run(`impersonate end ${id}`)
    expect(stdout).toMatch(/^State +revoked$/m)
    expect(stdout).toMatch(new RegExp(`^Permissions +read\\nSession +${sessionId}\\nStarted +\\d{4}-`, 'm'))
    expect(await world.json(`impersonate end ${id}`)).toMatchObject({ id, session: { status: 'revoked' } })
    const sessions = await world.json(`sessions list --user ${ada} --status revoked`)
    expect(sessions.data).toMatchObject([{ id: sessionId }])
  })

  it('says that there is none of an id', async () => {
    const { code, stdout, stderr } = await world.run('impersonate end act_2abcdefghijklmnopqrstuvwxyz')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(/\(resource_not_found, trace \S+\)\n$/)
  })
})
