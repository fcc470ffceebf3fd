/** A server that says whatever a test wants, and the environment of a command that calls it. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { runCli } from '../support/server-process.ts'

export interface FakeApi {
  /** A command by its words, and what comes behind them as it is. */
  run(line: string, ...more: readonly string[]): ReturnType<typeof runCli>
  close(): void
}

/** @param answers the body of each answer, by the beginning of its path */
export async function startFakeApi(
  answers: Readonly<Record<string, unknown>>,
  environment: Record<string, string> = {},
): Promise<FakeApi> {
  const server = createServer(({ url = '' }, response) => {
    const path = Object.keys(answers).find((each) => url.startsWith(each))!
    response.writeHead(200, { 'Content-Type': 'application/json' }).end(JSON.stringify(answers[path]))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const keys = { MINTMARK_SECRET_KEY: 'sk_test_any' }
  return {
    run: (line, ...more) =>
      runCli([...line.split(' '), ...more, '--url', `http://127.0.0.1:${port}`], { ...keys, ...environment }),
    close: () => void server.close(),
  }
}
