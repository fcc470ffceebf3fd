/** The published clients, unmodified, against a server process: what the tests of this folder share. */
import { createClerkClient, type ClerkClient } from '@clerk/backend'
import { isClerkAPIResponseError } from '@clerk/backend/errors'
import { expect } from 'vitest'
import { dropTestStore } from '../support/test-store.ts'
import { removeFolder, runCli, startDev, type ServerProcess } from '../support/server-process.ts'

/** A machine and a client that has nothing but its secret key. */
export interface ClientMachine {
  readonly id: string
  readonly secretKey: string
  readonly client: ClerkClient
}

export interface Compat {
  readonly server: ServerProcess
  readonly secretKey: string
  /** The instance that `dev` makes, by its secret key. */
  readonly instance: ClerkClient
  /** Makes a machine of that instance. */
  machine(scopedMachines?: readonly string[], defaultTokenTtl?: number): Promise<ClientMachine>
  close(): Promise<void>
}

export async function startCompat(flags: readonly string[] = []): Promise<Compat> {
  const server = await startDev({ flags })
  const secretKey = server.env.CLERK_SECRET_KEY!
  const instance = createClerkClient({ apiUrl: server.url, secretKey })
  return {
    server,
    secretKey,
    instance,
    machine: (scopedMachines, defaultTokenTtl) =>
      createMachine(server, instance, scopedMachines, defaultTokenTtl),
    async close() {
      await server.stop()
      await dropTestStore(server.data)
      removeFolder(server.data)
    },
  }
}

export async function createMachine(
  server: ServerProcess,
  instance: ClerkClient,
  scopedMachines: readonly string[] = [],
  defaultTokenTtl?: number,
): Promise<ClientMachine> {
  const { id, secretKey } = await instance.machines.create({
    name: 'a machine',
    scopedMachines: [...scopedMachines],
    ...(defaultTokenTtl !== undefined && { defaultTokenTtl }),
  })
  const client = createClerkClient({ apiUrl: server.url, machineSecretKey: secretKey! })
  return { id, secretKey: secretKey!, client }
}

/** A second instance of a running server, made as an operator makes it. */
export async function createOtherInstance(
  server: ServerProcess,
): Promise<{ instance: ClerkClient; secretKey: string; frontendOrigin: string }> {
  const frontendOrigin = 'https://clerk.other.example'
  const asked = ['--name', 'other', '--environment', 'test', '--frontend-origin', frontendOrigin]
  const { code, stdout, stderr } = await runCli([
    'instances',
    'create',
    ...asked,
    '--data',
    server.data,
    '--json',
  ])
  expect(stderr).toBe('')
  expect(code).toBe(0)
  const { secretKey } = JSON.parse(stdout) as { secretKey: string }
  return { instance: createClerkClient({ apiUrl: server.url, secretKey }), secretKey, frontendOrigin }
}

/** A refusal as the published client shows it to its user. */
export interface Refusal {
  readonly status: number
  readonly code: string
  readonly paramName: string | undefined
  readonly clerkTraceId: string | undefined
  readonly retryAfter: number | undefined
}

/** What a call was refused with. Fails if it was not refused, or not by an answer of the server. */
export async function refusalOf(call: Promise<unknown>): Promise<Refusal> {
  const error = await call.then(
    () => null,
    (reason: unknown) => reason,
  )
  if (!isClerkAPIResponseError(error)) throw new Error('The call was not refused.', { cause: error })
  expect(error.errors).toHaveLength(1)
  const { code, message, longMessage, meta } = error.errors[0]!
  // Python's and zod's models of an error demand all three texts.
  expect([code, message, longMessage]).toEqual(Array(3).fill(expect.stringMatching(/./)))
  const { status, clerkTraceId, retryAfter } = error
  return { status, code, paramName: meta?.paramName as string | undefined, clerkTraceId, retryAfter }
}

/** A trace id has no form that clients rely on, but it can be quoted in one word. */
export const TRACE_ID = /^[\w-]{16,64}$/

/** Every refusal names its request; only one that waiting can mend says how long. */
export const refused = (status: number, code: string, more: Partial<Refusal> = {}): unknown => ({
  status,
  code,
  paramName: undefined,
  retryAfter: undefined,
  clerkTraceId: expect.stringMatching(TRACE_ID),
  ...more,
})

export interface Answer {
  readonly status: number
  readonly headers: Headers
  // eslint-disable-next-line typescript/no-explicit-any -- looked into as clients do, without a type
  readonly body: any
}

/** A request without any client library, for what the published one does not show or never sends. */
export async function send(
  { url }: ServerProcess,
  method: string,
  path: string,
  { key, body, headers = {} }: { key?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Answer> {
  const response = await fetch(url + path, {
    method,
    headers: {
      'content-type': 'application/json',
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  })
  return { status: response.status, headers: response.headers, body: await response.json() }
}

/** What a JWT says, unverified. */
export function readJwt(jwt: string): { header: Record<string, unknown>; payload: Record<string, unknown> } {
  const [header, payload] = jwt
    .split('.')
    .slice(0, 2)
    .map((segment) => JSON.parse(Buffer.from(segment, 'base64url').toString()))
  return { header, payload }
}

/** The same text with one character changed: of an opaque token in its middle, of a JWT in its signature. */
export function tampered(token: string): string {
  const start = token.lastIndexOf('.') + 1
  const middle = start + Math.floor((token.length - start) / 2)
  return token.slice(0, middle) + (token[middle] === 'A' ? 'B' : 'A') + token.slice(middle + 1)
}

/** Fulfilled when this process's clock, which is the server's too, has passed an instant. */
export async function until(instant: number): Promise<void> {
  while (Date.now() <= instant) await new Promise((resolve) => setTimeout(resolve, 5))
}
