/**
 * One PostgreSQL for a whole run of the tests. It is started when the first test asks for a database, and
 * stopped with the run: a run of other tests does not wait for it.
 */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Client } from 'pg'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Where to ask for the server; it answers with a `SharedPostgres`, or with 503 and why there is none. */
    readonly postgres: string
  }
}

export interface SharedPostgres {
  /** Of a database that is there, as a user who may create others. */
  readonly url: string
  /** What the names of this run's databases begin with. */
  readonly prefix: string
}

interface StartedPostgres extends SharedPostgres {
  stop(): Promise<void>
}

/** Called by vitest, in its main process. @returns what stops all of it */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  let started: Promise<StartedPostgres> | undefined
  const desk = await openDesk(() => (started ??= startOnce()))
  project.provide('postgres', `http://127.0.0.1:${(desk.address() as AddressInfo).port}`)
  return async () => {
    desk.close()
    desk.closeAllConnections()
    const postgres = await started?.catch(() => undefined)
    await postgres?.stop()
  }
}

async function openDesk(start: () => Promise<SharedPostgres>): Promise<Server> {
  const desk = createServer((_request, response) => {
    start().then(
      ({ url, prefix }) => response.end(JSON.stringify({ url, prefix })),
      (error: unknown) => response.writeHead(503).end(error instanceof Error ? error.message : String(error)),
    )
  })
  desk.unref().listen(0, '127.0.0.1')
  await once(desk, 'listening')
  return desk
}

function startOnce(): Promise<StartedPostgres> {
  const prefix = `mintmark_test_${randomBytes(4).toString('hex')}_`
  const given = process.env.TEST_DATABASE_URL
  return given === undefined || given === '' ? startOwn(prefix) : useGiven(given, prefix)
}

async function startOwn(prefix: string): Promise<StartedPostgres> {
  const { createPostgresData, createPostgresHome, startPostgresServer } = await import('./postgres-server.ts')
  const home = createPostgresHome()
  try {
    const { url, stop } = await startPostgresServer(await createPostgresData(home, 'shared'))
    return {
      url,
      prefix,
      async stop() {
        await stop('immediate')
        await home.remove()
      },
    }
  } catch (error) {
    await home.remove()
    throw error
  }
}

/** A server that others use too: what a failed test has left there is dropped. */
async function useGiven(url: string, prefix: string): Promise<StartedPostgres> {
  await ask(url, 'select 1').catch((cause: unknown) => {
    const why = cause instanceof Error ? cause.message || cause.name : String(cause)
    throw new Error(`The PostgreSQL that TEST_DATABASE_URL names cannot be used: ${why}`, { cause })
  })
  return {
    url,
    prefix,
    async stop() {
      const left = await ask(url, 'select datname from pg_database where starts_with(datname, $1)', [prefix])
      for (const { datname } of left) await ask(url, `drop database if exists ${datname} with (force)`)
    },
  }
}

async function ask(
  connectionString: string,
  sql: string,
  values: string[] = [],
): Promise<Record<string, string>[]> {
  const client = new Client({ connectionString })
  try {
    await client.connect()
    return (await client.query<Record<string, string>>(sql, values)).rows
  } finally {
    await client.end()
  }
}
