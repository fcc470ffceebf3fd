import { Clerk } from '@clerk/backend-sdk'

const clerk = new Clerk({
  bearerAuth: process.env['CLERK_BEARER_AUTH'] ?? '',
})

async function create() {
  const result = await clerk.actorTokens.create({
    userId: process.env['USER_ID'] ?? '',
    actor: {
      sub: 'user_2OEpKhcCN1Lat9NQ0G6puh7q5Rb',
    },
  })

  // Handle the result
  console.log(result)
  return result.id
}

async function revoke(actorTokenId: string) {
  const result = await clerk.actorTokens.revoke({
    actorTokenId,
  })

  // Handle the result
  console.log(result)
}

await revoke(await create())
