/**
 * Lets the browsers of Cypress past bot protection. The secret key stays in the process of Node: a task makes
 * the token there, and the specs add it to what goes to the origins that are named, and to nothing else.
 * Nothing of Cypress is imported.
 */
import { TESTING_TOKEN_HEADER } from '../authenticate/testing-token.ts'
import type { MintmarkCore } from '../core.ts'
import { InvalidRequestError } from '../core/errors.ts'
import { isFrontendApiPath, readOrigins, withToken } from './origins.ts'
import { createTestingTokenSource, type TestingTokenInHand } from './token-source.ts'

/** What `setupNodeEvents` is given first. */
export type CypressOn = (
  event: 'task',
  tasks: Readonly<Record<string, (argument: unknown) => Promise<TestingTokenInHand>>>,
) => void

/** The part of `cy` that is used. */
export interface CypressCommands {
  task(name: string, argument: unknown, options: { log: boolean }): CypressChain
  intercept(
    matcher: { url: RegExp; middleware: boolean },
    handler: (request: CypressRequest) => void,
  ): unknown
}

/** The part of a chain that is used. */
export interface CypressChain {
  then(use: (value: never) => void): unknown
}

/** The part of an intercepted request that is used. */
export interface CypressRequest {
  url: string
  headers: Record<string, string | string[]>
}

/** Whose tests are let past, and by which token. */
export interface CypressTarget {
  /** As given to {@link testingTokenTasks}. Default `default`. */
  readonly instance?: string | undefined
  /**
   * The instance's Frontend API, also at several addresses: `https://clerk.example.com`,
   * `http://127.0.0.1:4100`, or the bare host of a publishable key. What is below `/v1/` gets the token.
   */
  readonly frontendApis?: readonly string[] | undefined
  /** The application itself, if it looks for testing tokens (see `testingToken`). It gets a header. */
  readonly app?: readonly string[] | undefined
}

const TASK = 'mintmark:testingToken'

/**
 * Registers, in `setupNodeEvents`, the task that makes testing tokens: one for an hour or so, and another
 * before it ends. Give one client, or several by the names of their instances.
 *
 * @example
 * ```ts
 * import { Mintmark } from '@mintmark/sdk'
 * import { testingTokenTasks, type CypressOn } from '@mintmark/sdk/cypress'
 *
 * // cypress.config.ts: defineConfig({ e2e: { setupNodeEvents } })
 * export function setupNodeEvents(on: CypressOn): void {
 *   testingTokenTasks(on, new Mintmark({ secretKey: process.env['MINTMARK_SECRET_KEY'] }))
 * }
 * ```
 */
export function testingTokenTasks(
  on: CypressOn,
  clients: MintmarkCore | Readonly<Record<string, MintmarkCore>>,
): void {
  const named = isClient(clients) ? { default: clients } : clients
  const sources = new Map(
    Object.entries(named).map(([name, client]) => [name, createTestingTokenSource({ client })]),
  )
  on('task', {
    async [TASK](instance) {
      const source = sources.get(String(instance))
      if (source) return source()
      throw new InvalidRequestError(
        'invalid_request',
        `No client makes testing tokens for ${String(instance)}`,
      )
    },
  })
}

const isClient = (given: object): given is MintmarkCore => 'send' in given && typeof given.send === 'function'

/**
 * Adds testing tokens to what the browser sends during one test: call it in a `beforeEach`. To a Frontend API
 * the token goes in the query, to the application in the header `X-Mintmark-Testing-Token`. It is not shown
 * in the log of Cypress, unless a test prints the requests itself.
 *
 * @throws {InvalidRequestError} if the origins are none
 *
 * @example
 * ```ts
 * import { attachTestingToken, type CypressCommands } from '@mintmark/sdk/cypress'
 *
 * declare const cy: CypressCommands
 *
 * // beforeEach(lettingTestsPast)
 * export const lettingTestsPast = (): void =>
 *   attachTestingToken(cy, {
 *     frontendApis: ['https://clerk.example.com'],
 *     app: ['http://127.0.0.1:3000'],
 *   })
 * ```
 */
export function attachTestingToken(
  cy: CypressCommands,
  targets: CypressTarget | readonly CypressTarget[],
): void {
  for (const { instance = 'default', frontendApis, app } of [targets].flat()) {
    const apis = readOrigins(frontendApis)
    const apps = readOrigins(app)
    if (apis.length + apps.length === 0) {
      throw new InvalidRequestError('invalid_request', 'An instance has neither frontendApis nor app')
    }
    cy.task(TASK, instance, { log: false }).then(({ token }: TestingTokenInHand) => {
      // As middleware, so that what the test itself intercepts comes after it.
      cy.intercept({ url: matcherOf([...apis, ...apps]), middleware: true }, (request) => {
        const url = new URL(request.url)
        if (apps.includes(url.origin)) request.headers[TESTING_TOKEN_HEADER] = token
        if (apis.includes(url.origin) && isFrontendApiPath(url)) request.url = withToken(request.url, token)
      })
    })
  }
}

/** All of an origin and nothing that only begins like it: `https://a.example` is not `https://a.example.evil`. */
const matcherOf = (origins: readonly string[]): RegExp =>
  new RegExp(
    `^(?:${origins.map((origin) => origin.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)).join('|')})(?:/|$)`,
  )
