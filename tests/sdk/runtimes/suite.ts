/**
 * What must work on every platform, with nothing of any one of them: no test runner, no module of Node. It is
 * bundled and run there against a gateway that leads to an authority and to servers that misbehave.
 */
import { ClerkErrors, Mintmark } from '@mintmark/sdk'
import { MintmarkCore } from '@mintmark/sdk/core.js'
import {
  APIError,
  ConnectionError,
  InvalidRequestError,
  RequestAbortedError,
  RequestTimeoutError,
  SDKValidationError,
} from '@mintmark/sdk/errors.js'
import { m2mVerifyToken } from '@mintmark/sdk/funcs/m2mVerifyToken.js'
import { testingTokensCreate } from '@mintmark/sdk/funcs/testingTokensCreate.js'
import { createVerifier } from '@mintmark/sdk/verify.js'

export interface Given {
  /** Of a real authority. */
  readonly serverURL: string
  /** Below it: `/cut`, `/hang`, `/flaky`, `/page`, `/moved`. */
  readonly faultURL: string
  readonly secretKey: string
  readonly machineSecretKey: string
  /** Of a machine in whose scope the first one is. */
  readonly otherMachineSecretKey: string
  readonly issuer: string
}

export interface Results {
  readonly passed: number
  readonly failed: readonly { readonly name: string; readonly error: string }[]
}

type Case = (given: Given) => Promise<void>

const NONE = { strategy: 'none' } as const

const CASES: Readonly<Record<string, Case>> = {
  async 'a method of the class returns a value'(given) {
    const token = await new Mintmark(given).testingTokens.create()
    equal(token.object, 'testing_token')
    equal(typeof token.expiresAt, 'number')
  },
  async 'a function returns a result'(given) {
    const result = await testingTokensCreate(new MintmarkCore(given))
    equal(result.ok && result.value.object, 'testing_token')
  },
  async 'claims come back letter for letter'(given) {
    const claims = { snake_case: 1, camelCase: [{ a_b: 'ünïcode ✓' }] }
    const client = new Mintmark(given)
    const { token } = await client.m2m.createToken({ claims, secondsUntilExpiration: 60 })
    const verified = await client.m2m.verifyToken({ token, machineSecretKey: given.otherMachineSecretKey })
    equal(JSON.stringify(verified.claims), JSON.stringify(claims))
  },
  async 'lists and queries are understood'(given) {
    const client = new Mintmark(given)
    const { data, totalCount } = await client.machines.list({ limit: 1, orderBy: '+name' })
    equal(data.length, 1)
    equal(totalCount >= 2, true)
  },
  async 'a token that is not good is ClerkErrors'(given) {
    const { error } = await m2mVerifyToken(new MintmarkCore(given), { token: 'mt_canary' })
    equal(error instanceof ClerkErrors && error.statusCode, 404)
    equal(error?.name, 'ClerkErrors')
    equal(error?.code, 'resource_not_found')
  },
  async 'a key that is not good is APIError, and is not shown'(given) {
    const core = new MintmarkCore({ ...given, secretKey: 'sk_test_canary' })
    const { error } = await testingTokensCreate(core)
    equal(error instanceof APIError && error.statusCode, 401)
    equal(/canary/.test(`${String(error)}${error?.stack}${JSON.stringify(error)}`), false)
  },
  async 'a key that no header can hold is not sent and not shown'(given) {
    const core = new MintmarkCore({ ...given, secretKey: 'sk_test\ncanary' })
    const { error } = await testingTokensCreate(core)
    equal(error instanceof InvalidRequestError, true)
    equal(/canary/.test(`${String(error)}${error?.stack}${String(error?.cause)}`), false)
  },
  async 'a server in trouble is asked again under the same key'({ faultURL, secretKey }) {
    const core = new MintmarkCore({ secretKey, serverURL: `${faultURL}/flaky` })
    const retries = { strategy: 'backoff', backoff: { initialInterval: 1 } } as const
    const result = await testingTokensCreate(core, { retries })
    // The server answers well only to a key that it has refused twice.
    equal(result.ok, true)
  },
  async 'a connection that is cut is ConnectionError'({ faultURL, secretKey }) {
    const core = new MintmarkCore({ secretKey, serverURL: `${faultURL}/cut`, retryConfig: NONE })
    const { error } = await testingTokensCreate(core)
    equal(error instanceof ConnectionError, true)
  },
  async 'a call whose time is over is RequestTimeoutError'({ faultURL, secretKey }) {
    for (const path of ['hang', 'drip']) {
      const core = new MintmarkCore({ secretKey, serverURL: `${faultURL}/${path}`, timeoutMs: 150 })
      const { error } = await testingTokensCreate(core)
      equal(error instanceof RequestTimeoutError, true)
    }
  },
  async 'a call that is aborted is RequestAbortedError'({ faultURL, secretKey }) {
    const controller = new AbortController()
    const core = new MintmarkCore({ secretKey, serverURL: `${faultURL}/hang` })
    const call = testingTokensCreate(core, { signal: controller.signal })
    setTimeout(() => controller.abort(), 20)
    const { error } = await call
    equal(error instanceof RequestAbortedError, true)
  },
  async 'a redirect is not followed'({ faultURL, secretKey }) {
    const core = new MintmarkCore({ secretKey, serverURL: `${faultURL}/moved` })
    const { error } = await testingTokensCreate(core)
    equal(error instanceof APIError, true)
  },
  async 'a page is no token'({ faultURL, secretKey }) {
    const { error } = await testingTokensCreate(
      new MintmarkCore({ secretKey, serverURL: `${faultURL}/page` }),
    )
    equal(error instanceof SDKValidationError, true)
  },
  async 'a JWT is verified with public keys, and a changed one is not'(given) {
    const client = new Mintmark(given)
    const { token, id } = await client.m2m.createToken({ tokenFormat: 'jwt' })
    const verifier = createVerifier({ issuer: given.issuer, jwks: await client.jwks.get() })
    const verdict = await verifier.verify(token)
    equal(verdict.active && verdict.jti, id)
    equal((await verifier.verify(`${token.slice(0, -8)}AAAAAAAA`)).active, false)
  },
  async 'public keys are read from where they are published'(given) {
    const { token, id } = await new Mintmark(given).m2m.createToken({ tokenFormat: 'jwt' })
    const jwks = `${given.serverURL}/.well-known/jwks.json`
    const verdict = await createVerifier({ issuer: given.issuer, jwks }).verify(token)
    equal(verdict.active && verdict.jti, id)
  },
}

/** Runs every case; says which failed, and how. */
export async function run(given: Given): Promise<Results> {
  const failed: { name: string; error: string }[] = []
  for (const [name, test] of Object.entries(CASES)) {
    try {
      await test(given)
    } catch (error) {
      failed.push({ name, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
    }
  }
  return { passed: Object.keys(CASES).length - failed.length, failed }
}

function equal(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`It is ${String(actual)} and should be ${String(expected)}.`)
}
