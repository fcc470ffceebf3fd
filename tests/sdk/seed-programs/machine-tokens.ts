import { Clerk } from '@clerk/backend-sdk'

const clerk = new Clerk({
  bearerAuth: process.env['CLERK_BEARER_AUTH'] ?? '',
})

async function run() {
  const res = await clerk.machineTokens.create({
    machineId: process.env['MACHINE_ID'] ?? '',
    claims: {},
    expiresInSeconds: 999_663,
  })

  // Handle response
  console.log(res)
}

await run()
