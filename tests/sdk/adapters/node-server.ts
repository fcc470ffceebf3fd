/** A server of `node:http` for one test at a time, and requests to it with headers as they stand. */
import { createServer, request, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { onTestFinished } from 'vitest'
import type { Application } from './support.ts'

export async function serveWith(listener: RequestListener): Promise<Application> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())))
  const { port } = server.address() as AddressInfo
  return {
    get: (path, headers) =>
      new Promise((resolve, reject) => {
        const all = ['Host', `127.0.0.1:${port}`, 'Connection', 'close', ...headers]
        const sent = request({ host: '127.0.0.1', port, path, headers: all }, (answer) => {
          const chunks: Buffer[] = []
          answer.on('data', (chunk: Buffer) => chunks.push(chunk))
          answer.on('end', () => {
            const { statusCode: status = 0, headers } = answer
            const pairs = Object.entries(headers).map(([name, value]) => [name, String(value)] as const)
            resolve(new Response(Buffer.concat(chunks), { status, headers: Object.fromEntries(pairs) }))
          })
        })
        sent.on('error', reject).end()
      }),
  }
}
