/**
 * An application that keeps bots out of its sign-up, and lets its own end-to-end tests in. The check here is a
 * question that a bot does not answer; Turnstile or a rate limiter stands in the same place.
 *
 *   npx node --env-file=.env examples/bot-check.ts
 */
import { createServer } from 'node:http'
import { Mintmark, testingToken } from '@mintmark/sdk'

const client = new Mintmark({ serverURL: process.env['CLERK_API_URL'] })

const server = createServer((incoming, outgoing) => {
  const { url = '/', headers } = incoming
  const request = new Request(`http://app${url}`, { headers: { cookie: headers.cookie ?? '' } })
  void isLetIn(request).then((letIn) => {
    outgoing.writeHead(letIn ? 200 : 403, { 'Content-Type': 'text/html' })
    outgoing.end(letIn ? '<h1>Welcome</h1>' : '<h1>Are you a robot?</h1>')
  })
})

async function isLetIn(request: Request): Promise<boolean> {
  if (new URL(request.url).searchParams.get('human') === 'yes') return true
  // If the authority cannot be asked, the check stays: it is never a reason to let somebody past.
  const { good } = await testingToken(request, { client }).catch(() => ({ good: false }))
  return good
}

server.listen(Number(process.env['PORT'] ?? 4301), '127.0.0.1', () => {
  const address = server.address()
  if (typeof address === 'object' && address !== null) console.log(`http://127.0.0.1:${address.port}`)
})
