import { ClerkCore } from '@clerk/backend-sdk/core.js'
import { testingTokensCreate } from '@clerk/backend-sdk/funcs/testingTokensCreate.js'

// One instance can be used across an application.
const clerk = new ClerkCore({
  bearerAuth: process.env['CLERK_BEARER_AUTH'] ?? '',
})

async function run() {
  const res = await testingTokensCreate(clerk)

  if (!res.ok) {
    throw res.error
  }

  const { value: result } = res

  // Handle the result
  console.log(result)
}

await run()
