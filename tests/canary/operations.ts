/** Every operation of the API once and more, as it is meant; gathers the secrets that come out. */
import { expect } from 'vitest'
import type { Recorder, Sent } from './recorder.ts'
import type { Canaries } from './secrets.ts'

export interface Target {
  readonly recorder: Recorder
  readonly canaries: Canaries
  /** What `mintmark env` prints. */
  readonly env: Readonly<Record<string, string>>
}

/** What the misuse that follows needs to aim well. */
export interface Known {
  readonly instanceKey: string
  readonly workerKey: string
  readonly apiKey: string
  readonly machineId: string
  readonly m2mTokenId: string
}

/** A name that is kept: finding it in the database shows that the search sees what is there. */
export const KEPT_NAME = 'a name that the database keeps in the clear'

export async function runOperations({ recorder, canaries, env }: Target): Promise<Known> {
  const instanceKey = env.CLERK_SECRET_KEY!
  const workerKey = env.CLERK_MACHINE_SECRET_KEY!
  const apiKey = env.MINTMARK_API_MACHINE_SECRET_KEY!
  const apiId = env.MINTMARK_API_MACHINE_ID!
  canaries.add('instance key', instanceKey)
  canaries.add('machine key of worker', workerKey)
  canaries.add('machine key of api', apiKey)

  async function call(status: number, method: string, path: string, more: Partial<Sent> = {}) {
    const answer = await recorder.send(`${method} ${path}`, { method, path, key: instanceKey, ...more })
    expect(answer.status, `${method} ${path}: ${answer.body}`).toBe(status)
    return JSON.parse(answer.body)
  }
  const as = (key: string, body?: object) => ({ key, body })

  for (const path of ['/health/live', '/health/ready', '/openapi.json']) await call(200, 'GET', path)

  const opaque = await call(201, 'POST', '/v1/m2m_tokens', as(workerKey))
  canaries.add('opaque M2M token', opaque.token)
  const jwt = await call(201, 'POST', '/v1/m2m_tokens', as(workerKey, { token_format: 'jwt' }))
  canaries.add('JWT M2M token', jwt.token)
  const pooled = await call(
    201,
    'POST',
    '/m2m_tokens',
    as(workerKey, { seconds_until_expiration: 60, min_remaining_ttl_seconds: 5 }),
  )
  canaries.add('pooled M2M token', pooled.token)
  for (const { token } of [opaque, jwt, pooled]) {
    await call(200, 'POST', '/v1/m2m_tokens/verify', as(apiKey, { token }))
    await call(200, 'POST', '/m2m_tokens/verify', as(instanceKey, { secret: token }))
    await call(404, 'POST', '/v1/m2m_tokens/verify', as(workerKey, { token }))
  }
  const subject = env.MINTMARK_WORKER_MACHINE_ID
  await call(200, 'GET', `/v1/m2m_tokens?subject=${subject}`)
  await call(200, 'GET', `/v1/m2m_tokens?subject=${subject}&token_format=jwt&revoked=true`, as(workerKey))
  await call(403, 'GET', `/v1/m2m_tokens?subject=${apiId}`, as(workerKey))
  for (const { id, token } of [jwt, pooled]) {
    await call(200, 'POST', `/v1/m2m_tokens/${id}/revoke`, as(workerKey, { revocation_reason: 'a test' }))
    await call(404, 'POST', '/v1/m2m_tokens/verify', { ...as(instanceKey, { token }), ...EXPLAIN })
  }

  const machine = await call(200, 'POST', '/v1/machines', {
    body: { name: KEPT_NAME, scoped_machines: [apiId] },
  })
  canaries.add('machine key at creation', machine.secret_key)
  const rotated = await call(200, 'POST', `/v1/machines/${machine.id}/secret_key/rotate`, {
    body: { previous_token_ttl: 60 },
  })
  canaries.add('machine key after rotation', rotated.secret)
  expect(await call(200, 'GET', `/v1/machines/${machine.id}/secret_key`)).toEqual(rotated)
  const byRotated = await call(201, 'POST', '/v1/m2m_tokens', as(rotated.secret))
  canaries.add('M2M token by rotated key', byRotated.token)
  const path = `/v1/machines/${machine.id}`
  await call(200, 'GET', path)
  await call(200, 'GET', '/v1/machines?query=name&order_by=-name')
  await call(200, 'PATCH', path, { body: { name: KEPT_NAME, default_token_ttl: 60 } })
  await call(200, 'POST', `${path}/scopes`, { body: { to_machine_id: subject } })
  await call(200, 'DELETE', `${path}/scopes/${subject}`)

  const user = await call(200, 'POST', '/v1/users', { body: { email_address: ['a@example.com'] } })
  await call(200, 'GET', `/v1/users/${user.id}`)
  await call(200, 'GET', '/v1/users?query=example')
  await call(200, 'GET', '/v1/users/count')
  await call(200, 'PATCH', `/v1/users/${user.id}`, { body: { first_name: 'A' } })
  const actorToken = await call(200, 'POST', '/v1/actor_tokens', {
    body: { user_id: user.id, actor: { sub: 'user_operator' } },
  })
  canaries.add('ticket', actorToken.token)
  expect(actorToken.url).toContain(actorToken.token)
  await call(200, 'POST', `/v1/actor_tokens/${actorToken.id}/revoke`)
  await call(400, 'POST', `/v1/actor_tokens/${actorToken.id}/revoke`)
  await call(200, 'DELETE', `/v1/users/${user.id}`)

  const testingToken = await call(200, 'POST', '/v1/testing_tokens')
  canaries.add('testing token', testingToken.token)
  const machineToken = await call(200, 'POST', '/v1/machine_tokens', { body: { machine_id: 'mch_any' } })
  canaries.add('machine token', machineToken.jwt)

  const nextKey = await call(201, 'POST', '/v1/signing_keys/rotate', { body: { overlap_seconds: 60 } })
  await call(409, 'POST', '/v1/signing_keys/rotate')
  await call(200, 'POST', `/v1/signing_keys/${nextKey.id}/revoke`)
  await call(200, 'GET', '/v1/signing_keys')

  // Remembered answers hold secrets too, and rest in the same file.
  const retried = (key: string, name: string, body: object) => ({
    ...as(key, body),
    headers: ['idempotency-key', `canary ${name}`],
  })
  for (const token_format of ['opaque', 'jwt']) {
    const issue = () =>
      call(201, 'POST', '/v1/m2m_tokens', retried(workerKey, token_format, { token_format }))
    const { token } = await issue()
    canaries.add(`remembered ${token_format} M2M token`, token)
    expect((await issue()).token).toBe(token)
  }
  const create = () => call(200, 'POST', '/v1/machines', retried(instanceKey, 'machine', { name: KEPT_NAME }))
  const remembered = await create()
  canaries.add('remembered machine key', remembered.secret_key)
  expect(await create()).toEqual(remembered)

  const gone = await call(200, 'POST', '/v1/machines', { body: { name: 'soon gone' } })
  canaries.add('key of a deleted machine', gone.secret_key)
  await call(200, 'DELETE', `/v1/machines/${gone.id}`)
  await call(401, 'POST', '/v1/m2m_tokens', as(gone.secret_key))
  return { instanceKey, workerKey, apiKey, machineId: machine.id, m2mTokenId: opaque.id }
}

const EXPLAIN = { headers: ['mintmark-explain', '1'] }
