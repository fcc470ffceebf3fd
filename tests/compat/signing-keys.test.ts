/** The published client across rotations of the key that its tokens are signed with. */
import { createClerkClient, type ClerkClient } from '@clerk/backend'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../support/server-process.ts'
import { readJwt, send, startCompat, until, type ClientMachine, type Compat } from './support.ts'

let compat: Compat
let worker: ClientMachine

beforeAll(async () => {
  compat = await startCompat()
  worker = await compat.machine()
})

afterAll(() => compat.close())

async function issue(): Promise<{ token: string; kid: unknown }> {
  const { token } = await worker.client.m2m.createToken({ tokenFormat: 'jwt' })
  return { token: token!, kid: readJwt(token!).header.kid }
}

async function rotate(body: object): Promise<{ id: string; active_from: number }> {
  const answer = await send(compat.server, 'POST', '/v1/signing_keys/rotate', { key: compat.secretKey, body })
  expect(answer.status).toBe(201)
  return answer.body
}

/** What `mintmark env` prints for those who verify with a PEM. */
async function currentPem(): Promise<string> {
  const { stdout } = await runCli(['env', '--json', '--data', compat.server.data])
  return JSON.parse(stdout).CLERK_JWT_KEY
}

interface Kept {
  /** A client with a key set of its own, because it knows the server by another URL. */
  readonly client: ClerkClient
  /** How often it asked for the key set. */
  fetches(): number
  /** From here on it cannot ask any more. */
  cutOff(): Promise<void>
}

async function clientWithOwnKeys(): Promise<Kept> {
  let fetches = 0
  async function forward(response: ServerResponse): Promise<void> {
    fetches++
    const { body } = await send(compat.server, 'GET', '/v1/jwks', { key: compat.secretKey })
    response.setHeader('Content-Type', 'application/json').end(JSON.stringify(body))
  }
  const proxy = createServer((_request, response) => void forward(response))
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve))
  const apiUrl = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`
  return {
    client: createClerkClient({ apiUrl, secretKey: compat.secretKey }),
    fetches: () => fetches,
    async cutOff() {
      proxy.closeAllConnections()
      await new Promise((resolve) => proxy.close(resolve))
    },
  }
}

const failed = { code: 'token-verification-failed' }

describe('the published client across a rotation', () => {
  it('verifies the first token of the new key with the key set it kept since before', async () => {
    const old = await issue()
    await compat.instance.m2m.verify({ token: old.token })
    const next = await rotate({ activate_in_seconds: 2 })
    const kept = await clientWithOwnKeys()
    await kept.client.m2m.verify({ token: old.token })
    expect(kept.fetches()).toBe(1)
    await kept.cutOff()

    await until(next.active_from)
    const young = await issue()
    expect([old.kid, young.kid]).toEqual([compat.server.env.MINTMARK_INSTANCE_ID, next.id])
    for (const { token } of [young, old]) {
      await expect(kept.client.m2m.verify({ token })).resolves.toMatchObject({ subject: worker.id })
      // A key set from before the rotation is asked for anew, because it does not have that key.
      await expect(compat.instance.m2m.verify({ token })).resolves.toMatchObject({ subject: worker.id })
    }
  })

  it('refuses what the old key signed once the overlap is over', async () => {
    const old = await issue()
    await rotate({ activate_in_seconds: 0, overlap_seconds: 0 })
    const { client, cutOff } = await clientWithOwnKeys()
    await expect(client.m2m.verify({ token: old.token })).rejects.toMatchObject(failed)
    await expect(client.m2m.verify({ token: (await issue()).token })).resolves.toBeTruthy()
    await cutOff()
  })

  it('refuses what a revoked key signed', async () => {
    const old = await issue()
    const path = `/v1/signing_keys/${String(old.kid)}/revoke`
    expect((await send(compat.server, 'POST', path, { key: compat.secretKey })).status).toBe(200)
    const { client, cutOff } = await clientWithOwnKeys()
    await expect(client.m2m.verify({ token: old.token })).rejects.toMatchObject(failed)
    await expect(client.m2m.verify({ token: (await issue()).token })).resolves.toBeTruthy()
    await cutOff()
  })
})

describe('the published client with a pinned PEM', () => {
  // A PEM is one key: what the guide says about replacing it rests on this.
  it('verifies what that key signs and nothing else, so that the PEM has to be replaced', async () => {
    const { url } = compat.server
    const [oldPem, old] = [await currentPem(), await issue()]
    await rotate({ activate_in_seconds: 0 })
    const [youngPem, young] = [await currentPem(), await issue()]
    expect(youngPem).not.toBe(oldPem)
    const verify = (jwtKey: string, token: string) =>
      createClerkClient({ apiUrl: url, jwtKey }).m2m.verify({ token })
    await expect(verify(oldPem, old.token)).resolves.toMatchObject({ subject: worker.id })
    await expect(verify(youngPem, young.token)).resolves.toMatchObject({ subject: worker.id })
    await expect(verify(oldPem, young.token)).rejects.toMatchObject(failed)
    await expect(verify(youngPem, old.token)).rejects.toMatchObject(failed)
  })

  it('can have the next PEM before the key signs, and it is not yet the one that env prints', async () => {
    const next = (await rotate({ activate_in_seconds: 3_600 })) as unknown as { public_key: string }
    const { body } = await send(compat.server, 'GET', '/v1/signing_keys', { key: compat.secretKey })
    expect(body.data[0]).toEqual(next)
    expect(await currentPem()).toBe(body.data[1].public_key.trim())
    await rotate({ activate_in_seconds: 0 })
    expect(await currentPem()).toBe(next.public_key.trim())
  })
})
