import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeFolder, runCli, startDev, type ServerProcess } from '../support/server-process.ts'

let server: ServerProcess

beforeAll(async () => {
  server = await startDev()
})

afterAll(async () => {
  await server.stop()
  removeFolder(server.data)
})

const rotate = (...flags: readonly string[]) =>
  runCli(['instances', 'rotate-key', '--yes', '--data', server.data, ...flags])

async function currentKey(): Promise<string> {
  const { stdout } = await runCli(['env', '--json', '--data', server.data])
  return JSON.parse(stdout).CLERK_SECRET_KEY
}

async function rotated(...flags: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await rotate('--json', ...flags)
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
  const { id, secretKey } = JSON.parse(stdout)
  expect(id).toBe(server.env.MINTMARK_INSTANCE_ID)
  expect(secretKey).toMatch(/^sk_test_[0-9A-Za-z]{51}$/)
  return secretKey
}

async function statusWith(key: string): Promise<number> {
  const response = await fetch(`${server.url}/v1/machines`, { headers: { authorization: `Bearer ${key}` } })
  return response.status
}

describe('mintmark instances rotate-key', () => {
  it('gives a key that the running server takes at once, and ends the one before', async () => {
    const before = await currentKey()
    expect(await statusWith(before)).toBe(200)
    const after = await rotated()
    expect(await statusWith(after)).toBe(200)
    expect(await statusWith(before)).toBe(401)
  })

  it('keeps the one before for as long as it is told to', async () => {
    const before = await currentKey()
    const after = await rotated('--overlap', '1h')
    expect(await statusWith(after)).toBe(200)
    expect(await statusWith(before)).toBe(200)
  })

  it('ends every key before at once, also one that was to overlap', async () => {
    const first = await currentKey()
    const second = await rotated('--overlap', '3600')
    const third = await rotated('--overlap', '0')
    expect(await statusWith(first)).toBe(401)
    expect(await statusWith(second)).toBe(401)
    expect(await statusWith(third)).toBe(200)
  })

  it('says that the keys before end now, where they do', async () => {
    expect(await rotate()).toMatchObject({ code: 0, stderr: 'The old keys end now.\n' })
  })

  it('does nothing where nobody can be asked and --yes is not given', async () => {
    const key = await currentKey()
    const { code, stdout, stderr } = await runCli(['instances', 'rotate-key', '--data', server.data])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(/^mintmark: [^\n]+: give --yes to do it\.\n$/)
    expect(await statusWith(key)).toBe(200)
  })

  it('makes "mintmark env" print the new key', async () => {
    const after = await rotated()
    expect(await currentKey()).toBe(after)
  })

  it('prints the key alone to people, and leaves an event without it', async () => {
    const { code, stdout, stderr } = await rotate('--overlap', '60')
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'The old keys end in 1m.\n' })
    expect(stdout).toMatch(/^Secret key {7}sk_test_[0-9A-Za-z]{51}\n$/)
    const audit = await runCli(['audit', 'tail', '-n', '1', '--json', '--data', server.data])
    expect(JSON.parse(audit.stdout)).toMatchObject({
      action: 'instance_key.rotate',
      callerKind: 'operator',
      reason: 'overlap 60 s',
    })
    expect(audit.stdout).not.toMatch(/sk_test_/)
  })

  it('refuses an instance that is not there with 1, and an overlap that is no number with 2', async () => {
    const key = await currentKey()
    const unknown = await rotate('--instance', 'another')
    expect(unknown.code).toBe(1)
    expect(unknown.stderr).toMatch(/^mintmark: No single instance has that id or name: [^\n]+\n$/)
    expect((await rotate('--overlap', 'long')).code).toBe(2)
    expect((await rotate('--overlap', '-1')).code).toBe(2)
    const tooLong = await rotate('--overlap', '28801')
    expect(tooLong.code).toBe(2)
    expect(tooLong.stderr).toContain('It can be 8h at most.')
    expect(await statusWith(key)).toBe(200)
  })
})
