import { spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createM2mClient } from '../crash/m2m-client.ts'
import {
  BIN,
  cleanEnvironment,
  removeFolder,
  runCli,
  startDev,
  type ServerProcess,
} from '../support/server-process.ts'
import { runShell } from './shell.ts'

interface Event {
  readonly number: number
  readonly action: string
  readonly targetId: string
  readonly reason: string | null
}

let server: ServerProcess

beforeAll(async () => {
  server = await startDev()
})

afterAll(async () => {
  await server.stop()
  removeFolder(server.data)
})

const tail = (...flags: readonly string[]) => runCli(['audit', 'tail', '--data', server.data, ...flags])

async function tailJson(...flags: readonly string[]): Promise<Event[]> {
  const { code, stdout, stderr } = await tail('--json', ...flags)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line))
}

async function issueAndRevoke(reason: string): Promise<string> {
  const client = createM2mClient(server)
  const issued = await client.issue()
  expect((await client.revoke(issued?.body.id, reason))?.status).toBe(200)
  return issued?.body.id
}

describe('mintmark audit tail', () => {
  it('prints a line for each event, the oldest first: when, what, on what, by whom, from where, why', async () => {
    const id = await issueAndRevoke('no longer needed')
    const worker = server.env.MINTMARK_WORKER_MACHINE_ID
    const { code, stdout, stderr } = await tail('-n', '2')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = stdout.split('\n')
    expect(lines).toHaveLength(3)
    expect(lines[0]).toMatch(
      new RegExp(`^\\d{4}-.*Z  m2m_token\\.issue  ${id}  by machine ${worker}  from 127\\.0\\.0\\.1$`),
    )
    expect(lines[1]).toMatch(
      /^\d{4}-.*Z {2}m2m_token\.revoke {2}.* from 127\.0\.0\.1 {2}\(no longer needed\)$/,
    )
    expect(lines[2]).toBe('')
  })

  it('prints one JSON object a line', async () => {
    const id = await issueAndRevoke('done')
    expect(await tailJson('-n', '2')).toEqual([
      expect.objectContaining({
        action: 'm2m_token.issue',
        targetId: id,
        instanceId: server.env.MINTMARK_INSTANCE_ID,
        callerKind: 'machine',
        callerId: server.env.MINTMARK_WORKER_MACHINE_ID,
        address: '127.0.0.1',
        traceId: expect.stringMatching(/^[0-9a-f-]{32,}$/),
        reason: null,
      }),
      expect.objectContaining({ action: 'm2m_token.revoke', targetId: id, reason: 'done' }),
    ])
  })

  it('prints twenty where nobody says how many, and what there is where that is less', async () => {
    for (let count = 0; count < 10; count++) await issueAndRevoke('one of many')
    expect(await tailJson()).toHaveLength(20)
    expect(await tailJson('--limit', '5')).toEqual(await tailJson('--lines', '5'))
    const all = await tailJson('-n', '1000000')
    expect(all.length).toBeGreaterThan(20)
    expect(all[0]).toMatchObject({ number: 1, action: 'instance.create' })
    expect(all.map(({ number }) => number)).toEqual(all.map((_event, index) => index + 1))
  })

  // Stops a token holder from steering the terminal of whoever reads the log.
  it('shows no character of the second control set, of direction or of line ends as itself, in text or JSON', async () => {
    const reason = 'a\u009b31m\u009d0;t\u009c\u2028\u202egnp.exe\u200f\u061c'
    await issueAndRevoke(reason)
    for (const flags of [[], ['--json']]) {
      const { stdout } = await tail('-n', '1', ...flags)
      expect(stdout).toContain(String.raw`a\u009b31m\u009d0;t\u009c\u2028\u202egnp.exe\u200f\u061c`)
    }
    expect(await tailJson('-n', '1')).toMatchObject([{ reason }])
  })

  it('shows what a terminal would act on as it is written', async () => {
    await issueAndRevoke('\u001b[31mred\r\n2030-01-01T00:00:00.000Z  instance.create')
    const { stdout } = await tail('-n', '1')
    expect(stdout).toMatch(
      /\(\\u001b\[31mred(?:\\r|\\u000d)(?:\\n|\\u000a)2030-01-01T00:00:00\.000Z {2}instance\.create\)$/m,
    )
    expect(stdout.trimEnd()).not.toContain('\n')
    expect(await tailJson('-n', '1')).toMatchObject([
      { reason: '\u001b[31mred\r\n2030-01-01T00:00:00.000Z  instance.create' },
    ])
  })

  it('ends without a word when nobody reads on', async () => {
    const { stdout, stderr } = await runShell('mintmark audit tail -n 1000000 --data "$DATA" | head -n 1', {
      DATA: server.data,
    })
    expect(stdout.split('\n')).toHaveLength(2)
    expect(stderr).toBe('')
  })

  it.each([['x'], ['-1'], ['1.5'], ['']])('refuses %j for a number of lines with 2', async (lines) => {
    const { code, stdout, stderr } = await tail(`--lines=${lines}`)
    expect(code).toBe(2)
    expect(stdout).toBe('')
    expect(stderr).toContain('It must be a whole number.')
  })
})

describe('mintmark audit tail --follow', () => {
  it('ends without a word once nobody reads on', async () => {
    let ended = false
    const script = 'mintmark audit tail --follow --data "$DATA" | head -n 1'
    const result = runShell(script, { DATA: server.data }).finally(() => (ended = true))
    // It notices with the next event that it would print.
    while (!ended) await Promise.race([result, issueAndRevoke('nobody reads this').then(() => sleep(200))])
    const { stdout, stderr } = await result
    expect(stdout.split('\n')).toHaveLength(2)
    expect(stderr).toBe('')
  })

  it('prints with -n 0 nothing that was there before', async () => {
    const [newest] = await tailJson('-n', '1')
    const follower = follow('-n', '0')
    let printed: Event[] = []
    while (printed.length === 0) {
      await issueAndRevoke('at some time it follows')
      printed = await Promise.race([follower.until((events) => events.length > 0), sleep(200, [])])
    }
    expect(await follower.stop('SIGINT')).toBe(0)
    expect(printed[0]!.number).toBeGreaterThan(newest!.number)
  })

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'prints each event once, as it comes, and ends with 0 at %s',
    async (signal) => {
      const before = await issueAndRevoke('before it follows')
      const follower = follow('-n', '2')
      await follower.until((events) => events.length >= 2)
      const first = await issueAndRevoke('while it follows')
      await follower.until((events) => events.some(({ targetId }) => targetId === first))
      const second = await issueAndRevoke('and again')
      const events = await follower.until((all) => all.length >= 6)
      expect(await follower.stop(signal)).toBe(0)
      expect(events.map(({ action, targetId }) => [action, targetId])).toEqual(
        [before, first, second].flatMap((id) => [
          ['m2m_token.issue', id],
          ['m2m_token.revoke', id],
        ]),
      )
    },
  )
})

/** `mintmark audit tail --follow --json`, and what it has printed. */
function follow(...flags: readonly string[]) {
  const args = [BIN, 'audit', 'tail', '--follow', '--json', '--data', server.data, ...flags]
  const child = spawn(process.execPath, args, {
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  let out = ''
  let wake = () => {}
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text
    wake()
  })
  const events = (): Event[] =>
    out
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
  return {
    async until(enough: (events: readonly Event[]) => boolean): Promise<Event[]> {
      while (!enough(events())) await new Promise<void>((resolve) => (wake = resolve))
      return events()
    },
    stop(signal: NodeJS.Signals) {
      child.kill(signal)
      return ended
    },
  }
}
