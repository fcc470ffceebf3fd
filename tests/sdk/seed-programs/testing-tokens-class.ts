import { Clerk } from '@clerk/backend-sdk'

const clerk = new Clerk({
  bearerAuth: process.env['CLERK_BEARER_AUTH'] ?? '',
})

async function run() {
  const result = await clerk.testingTokens.create()

  // Handle the result
  console.log(result)
}

await run()
