/** What is left of backup, restore and copy that were stopped, that failed, or whose output nobody took. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createM2mClient } from '../crash/m2m-client.ts'
import {
  BIN,
  cleanEnvironment,
  removeFolder,
  runCli,
  startDev,
  temporaryFolder,
} from '../support/server-process.ts'
import { addTokens, databaseIn } from './backup-world.ts'
import { runShell, type ShellResult } from './shell.ts'

const TOKENS = 200_000
const SIGNALS = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const

let source: string
let files: string

beforeAll(async () => {
  files = temporaryFolder()
  const server = await startDev()
  source = server.data
  await createM2mClient(server).issue()
  await server.stop()
  addTokens(source, TOKENS)
})

afterAll(() => [source, files].forEach(removeFolder))

/** Sends a signal once something is so. */
function stopWhen(
  args: readonly string[],
  signal: NodeJS.Signals,
  isTime: () => boolean,
): Promise<ShellResult> {
  const child = spawn(process.execPath, [BIN, ...args], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [out, err]: [string[], string[]] = [[], []]
  child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => err.push(text))
  const timer = setInterval(() => isTime() && child.kill(signal), 2)
  return new Promise((resolve) => {
    child.once('close', (code) => {
      clearInterval(timer)
      resolve({ code, stdout: out.join(''), stderr: err.join('') })
    })
  })
}

const newFolder = (name: string): string => {
  const folder = join(files, name)
  mkdirSync(folder)
  return folder
}

/** Whether some file of the folder has been written into. */
const isBegun = (folder: string, name: RegExp, bytes = 0) =>
  existsSync(folder) &&
  readdirSync(folder).some((file) => {
    const size = name.test(file) ? statSync(join(folder, file), { throwIfNoEntry: false })?.size : undefined
    return size !== undefined && size > bytes
  })

describe.each(SIGNALS)('at %s', (signal, code) => {
  it('a backup removes what it has written, says so, and ends as shells expect', async () => {
    const folder = newFolder(`backup-${signal}`)
    const args = ['backup', join(folder, 'x'), '--data', source]
    const ended = await stopWhen(args, signal, () => isBegun(folder, /\.part$/))
    expect(ended).toEqual({ code, stdout: '', stderr: 'Interrupted. Nothing was kept.\n' })
    expect(readdirSync(folder)).toEqual([])
  })

  it('a copy says how far it came, and the same command goes on there', async () => {
    const target = join(files, `copy-${signal}`)
    const args = ['copy', '--from', `sqlite:${source}`, '--to', `sqlite:${target}`]
    const ended = await stopWhen(args, signal, () => isBegun(target, /^mintmark\.db-wal$/, 2_000_000))
    expect(ended).toMatchObject({ code, stdout: '' })
    const [, done, total] =
      /^Interrupted after (\d+) of (\d+) rows\. The same command goes on there\.\n$/.exec(ended.stderr) ?? []
    expect(Number(done)).toBeGreaterThan(0)
    expect(Number(total)).toBeGreaterThan(TOKENS)
    const again = await runCli([...args, '--json'])
    expect(again).toMatchObject({ code: 0, stderr: '' })
    const { resumedAt, advice, database } = JSON.parse(again.stdout)
    // A batch may have been committed before its row was counted.
    expect(resumedAt).toBeGreaterThanOrEqual(Number(done))
    expect(database).toBe(target)
    expect(advice).toHaveLength(2)
  })

  it('a restore removes its database and the folder that it has made', async () => {
    const file = join(files, 'large.backup')
    if (!existsSync(file)) expect((await runCli(['backup', file, '--data', source])).code).toBe(0)
    const folder = join(files, `restore-${signal}`)
    const isTime = () => isBegun(folder, /\.restoring$/, 1_000_000)
    const ended = await stopWhen(['restore', file, '--data', folder], signal, isTime)
    expect(ended).toEqual({ code, stdout: '', stderr: 'Interrupted. Nothing was kept.\n' })
    expect(existsSync(folder)).toBe(false)
  })
})

it('a backup of what is no database leaves no file', async () => {
  const [data, folder] = [newFolder('corrupt'), newFolder('of-corrupt')]
  writeFileSync(databaseIn(data), 'no database at all. '.repeat(1_000))
  const { code, stdout, stderr } = await runCli(['backup', join(folder, 'x'), '--data', data])
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
  expect(stderr).toMatch(/^mintmark: .*not a database/)
  expect(readdirSync(folder)).toEqual([])
})

describe('where stdout takes no more', () => {
  it.each([
    ['backup -', 'backup'],
    ['audit export', 'journal'],
  ])('"%s" whose reader goes away ends with 1 and says that the %s is not whole', async (command, what) => {
    if (command === 'audit export') await addEvents()
    const script = `(mintmark ${command} --data "$DATA"; echo "$?" >&2) | head -c 100 > /dev/null`
    const { stderr } = await runShell(script, { DATA: source })
    expect(stderr).toBe(`mintmark: The reader closed stdout: the ${what} is not whole.\n1\n`)
  })

  it.each(['backup -', 'audit export', 'stats --json'])(
    '"%s" on a full disk ends with 1 and says why',
    async (command) => {
      const { code, stderr } = await runShell(`mintmark ${command} --data "$DATA" > /dev/full`, {
        DATA: source,
      })
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: 'mintmark: stdout cannot be written: no space left on the device.\n',
      })
    },
  )
})

/** More than what fits between two programs. */
async function addEvents(): Promise<void> {
  const server = await startDev({ data: source })
  const client = createM2mClient(server)
  for (let count = 0; count < 1_000; count++) await client.issue()
  await server.stop()
}
