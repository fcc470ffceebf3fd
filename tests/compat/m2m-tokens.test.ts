import { createClerkClient } from '@clerk/backend'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { removeFolder, startDev, type ServerProcess } from '../support/server-process.ts'

let server: ServerProcess

beforeAll(async () => {
  server = await startDev()
})

afterAll(async () => {
  await server.stop()
  removeFolder(server.data)
})

describe('m2m tokens with the published client', () => {
  it('issues an opaque token that the scoped machine verifies', async () => {
    const worker = createClerkClient({
      apiUrl: server.url,
      machineSecretKey: server.env.CLERK_MACHINE_SECRET_KEY!,
    })
    const api = createClerkClient({
      apiUrl: server.url,
      machineSecretKey: server.env.MINTMARK_API_MACHINE_SECRET_KEY!,
    })
    const issued = await worker.m2m.createToken()
    expect(issued.token).toMatch(/^mt_/)

    const verified = await api.m2m.verify({ token: issued.token! })
    expect(verified.id).toBe(issued.id)
    expect(verified.subject).toBe(server.env.MINTMARK_WORKER_MACHINE_ID)
  })
})
