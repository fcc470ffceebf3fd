import { randomBytes } from 'node:crypto'
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createM2mClient, type M2mClient } from '../crash/m2m-client.ts'
import { removeFolder, runCli, temporaryFolder } from '../support/server-process.ts'
import { checkLedger, openLedger, readLedger } from './ledger.ts'
import { createMachineKeys, type MachineKeys } from './machine-keys.ts'
import { removeNodes, startNodes, type ServerNode } from './node-process.ts'

const folder = temporaryFolder()
const path = join(folder, 'ledger')
const environment = { MINTMARK_MASTER_KEY: randomBytes(32).toString('hex') }
const ledger = openLedger(path)
let node: ServerNode
let keys: MachineKeys
let client: M2mClient

beforeAll(async () => {
  const [started] = await startNodes(1, () => environment)
  node = started!
  const { stdout } = await runCli(
    ['instances', 'create', '--json', '--name', 'first', '--data', node.data],
    environment,
  )
  keys = await createMachineKeys(node.url, JSON.parse(stdout).secretKey)
  client = createM2mClient({ url: node.url, env: { ...keys } })
  for (let count = 0; count < 30; count++) await issueNoted()
  for (const { id } of readLedger(path).slice(0, 10)) await revokeNoted(id)
  await node.kill9()
  await node.start()
})

afterAll(async () => {
  ledger.close()
  await removeNodes([node])
  removeFolder(folder)
})

async function issueNoted(): Promise<{ id: string; token: string }> {
  const { id, token } = (await client.issue())!.body
  ledger.issued(id, token)
  return { id, token }
}

async function revokeNoted(id: string): Promise<void> {
  ledger.revoking(id)
  expect((await client.revoke(id))?.status).toBe(200)
  ledger.revoked(id)
}

/** The same ledger with more in it. */
function copyOfLedger(name: string): string {
  const copy = join(folder, name)
  copyFileSync(path, copy)
  return copy
}

describe('a ledger', () => {
  it('is what a server that was killed since still knows', async () => {
    expect(readLedger(path).map(({ revocation }) => revocation)).toEqual([
      ...Array(10).fill('acknowledged'),
      ...Array(20).fill('not asked'),
    ])
    expect(await checkLedger(path, node.url, keys)).toEqual([])
  })

  it('allows both of a revocation that was never acknowledged', async () => {
    const [made, notMade] = [await issueNoted(), await issueNoted()]
    for (const { id } of [made, notMade]) ledger.revoking(id)
    await client.revoke(made.id)
    expect(await checkLedger(path, node.url, keys)).toEqual([])
  })

  it('finds a token and a revocation that are lost, and a revocation that nobody asked for', async () => {
    const copy = copyOfLedger('more')
    const more = openLedger(copy)
    const [lost, forgotten, others] = ['mt_' + '0'.repeat(32), await issueNoted(), await issueNoted()]
    more.issued(lost, 'mt_nobody_knows_this')
    more.issued(forgotten.id, forgotten.token)
    more.revoked(forgotten.id)
    more.issued(others.id, others.token)
    await client.revoke(others.id)
    ledger.revoking(others.id)
    more.close()
    expect((await checkLedger(copy, node.url, keys)).sort()).toEqual(
      [
        `${lost}, revocation not asked: 404, not 200`,
        `${forgotten.id}, revocation acknowledged: 200, not 404`,
        `${others.id}, revocation not asked: 404, not 200`,
      ].sort(),
    )
  })

  it('is not known to a server that gives no answer', async () => {
    await node.kill9()
    const wrong = await checkLedger(path, node.url, keys)
    expect(wrong).toHaveLength(readLedger(path).length)
  })
})
