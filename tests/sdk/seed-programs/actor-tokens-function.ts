import { ClerkCore } from '@clerk/backend-sdk/core.js'
import { actorTokensCreate } from '@clerk/backend-sdk/funcs/actorTokensCreate.js'
import { actorTokensRevoke } from '@clerk/backend-sdk/funcs/actorTokensRevoke.js'

// One instance can be used across an application.
const clerk = new ClerkCore({
  bearerAuth: process.env['CLERK_BEARER_AUTH'] ?? '',
})

async function create() {
  const res = await actorTokensCreate(clerk, {
    userId: process.env['USER_ID'] ?? '',
    actor: {
      sub: 'user_2OEpKhcCN1Lat9NQ0G6puh7q5Rb',
    },
  })

  if (!res.ok) {
    throw res.error
  }

  const { value: result } = res

  // Handle the result
  console.log(result)
  return result.id
}

async function revoke(actorTokenId: string) {
  const res = await actorTokensRevoke(clerk, {
    actorTokenId,
  })

  if (!res.ok) {
    throw res.error
  }

  const { value: result } = res

  // Handle the result
  console.log(result)
}

await revoke(await create())
