/** The floor: `node:http` that reads the request and answers a constant, as long as a verified token is. */
import { createServer } from 'node:http'

// With the headers that the server sends, so that what is compared is of one size.
const body = `{"object":"machine_to_machine_token","filler":"${'x'.repeat(Number(process.argv[2] ?? 380) - 50)}"}`

const server = createServer((request, response) => {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Cache-Control': 'no-store',
      'X-Content-Type-Options': 'nosniff',
      'Clerk-Trace-Id': '00000000-0000-4000-8000-000000000000',
      'Content-Length': String(body.length),
    })
    response.end(body)
  })
})
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`${JSON.stringify({ port: typeof address === 'object' ? address?.port : null })}\n`)
})
process.on('SIGTERM', () => process.exit(0))
