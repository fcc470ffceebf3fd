/** On the contract that Cypress documents: tasks in Node, and intercepts whose handlers change a request. */
import { Mintmark } from '@mintmark/sdk'
import {
  attachTestingToken,
  testingTokenTasks,
  type CypressCommands,
  type CypressRequest,
  type CypressTarget,
} from '@mintmark/sdk/cypress'
import { describe, expect, it } from 'vitest'
import { json, scriptedFetch } from '../support.ts'

const FAPI = 'https://clerk.example.com'
const APP = 'http://127.0.0.1:3000'

type Task = (argument: unknown) => Promise<{ token: string }>

function clientWith(token: string) {
  const { fetch, sent } = scriptedFetch(() =>
    json(200, { object: 'testing_token', token, expires_at: 4_000_000_000 }),
  )
  return { client: new Mintmark({ secretKey: 'sk_test_x', fetch }), sent }
}

function tasksOf(clients: Parameters<typeof testingTokenTasks>[1]): ReadonlyMap<string, Task> {
  const tasks = new Map<string, Task>()
  testingTokenTasks((event, added) => {
    expect(event).toBe('task')
    for (const [name, task] of Object.entries(added)) tasks.set(name, task)
  }, clients)
  return tasks
}

/** Runs its queue when told to, as Cypress does; matchers are compared with the whole address. */
function fakeCypress(tasks: ReadonlyMap<string, Task>) {
  const intercepts: { url: RegExp; middleware: boolean; handler: (request: CypressRequest) => void }[] = []
  const queue: Promise<unknown>[] = []
  const logged: unknown[] = []
  const cy: CypressCommands = {
    task(name, argument, { log }) {
      if (log) logged.push(name)
      return {
        // oxlint-disable-next-line unicorn/no-thenable -- this is what the chains of Cypress are
        then: (use) => {
          queue.push(
            tasks.get(name)!(argument).then((value) => use(JSON.parse(JSON.stringify(value)) as never)),
          )
        },
      }
    },
    intercept: ({ url, middleware }, handler) => void intercepts.push({ url, middleware, handler }),
  }
  return {
    cy,
    logged,
    intercepts,
    async request(url: string) {
      await Promise.all(queue)
      const request: CypressRequest = { url, headers: {} }
      for (const { url: matcher, handler } of intercepts) if (matcher.test(url)) handler(request)
      return request
    },
  }
}

function attached(
  targets: CypressTarget | readonly CypressTarget[],
  tasks = tasksOf(clientWith('tok').client),
) {
  const fake = fakeCypress(tasks)
  attachTestingToken(fake.cy, targets)
  return fake
}

describe('a testing token in Cypress', () => {
  it('goes into the query at a Frontend API and into a header at the application', async () => {
    const { request } = attached({ frontendApis: ['clerk.example.com'], app: [APP] })
    expect(await request(`${FAPI}/v1/client?a=%20`)).toEqual({
      url: `${FAPI}/v1/client?a=%20&__clerk_testing_token=tok`,
      headers: {},
    })
    expect(await request(`${APP}/page`)).toEqual({
      url: `${APP}/page`,
      headers: { 'x-mintmark-testing-token': 'tok' },
    })
  })

  // Stops a token from reaching whoever has a similar name, or another service of the same host.
  it.each([
    'https://clerk.example.com.evil.example/v1/client',
    'https://clerkxexample.com/v1/client',
    'https://evil.example/https://clerk.example.com/v1/client',
    'https://clerk.example.com@evil.example/v1/client',
    'https://clerk.example.com/npm/clerk.js',
    'http://clerk.example.com/v1/client',
    'http://127.0.0.1:30001/page',
    'http://127.0.0.1/page',
  ])('is not sent to %s', async (url) => {
    expect(await attached({ frontendApis: [FAPI], app: [APP] }).request(url)).toEqual({ url, headers: {} })
  })

  it('is of the instance that the target names', async () => {
    const tasks = tasksOf({ first: clientWith('one').client, second: clientWith('two').client })
    const { request } = attached(
      [
        { instance: 'first', frontendApis: [FAPI] },
        { instance: 'second', frontendApis: ['http://127.0.0.1:4100'] },
      ],
      tasks,
    )
    expect((await request(`${FAPI}/v1/client`)).url).toContain('=one')
    expect((await request('http://127.0.0.1:4100/v1/client')).url).toContain('=two')
  })

  it('is made once for many tests, and kept out of the log', async () => {
    const { client, sent } = clientWith('tok')
    const tasks = tasksOf(client)
    for (let test = 0; test < 3; test++) {
      const { request, logged } = attached({ app: [APP] }, tasks)
      await request(`${APP}/`)
      expect(logged).toEqual([])
    }
    expect(sent).toHaveLength(1)
  })

  it('leaves a test its own intercepts, which come after', async () => {
    const { request, intercepts } = attached({ app: [APP] })
    await request(`${APP}/`)
    expect(intercepts.map(({ middleware }) => middleware)).toEqual([true])
  })
})

describe('targets of Cypress', () => {
  it('are refused without an origin', () => {
    expect(() => attached({})).toThrow(expect.objectContaining({ code: 'invalid_request' }))
  })

  it('are refused for an instance without a client, by the task', async () => {
    const [task] = tasksOf(clientWith('tok').client).values()
    await expect(task!('other')).rejects.toMatchObject({ code: 'invalid_request' })
  })
})
