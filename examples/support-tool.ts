/**
 * What a support tool does to act as a customer: finds the user, makes a link that opens a session as that
 * user once, and takes the link back if it is not needed any more.
 *
 *   npx node --env-file=.env examples/support-tool.ts dorothy@example.com user_support
 */
import { Mintmark } from '@mintmark/sdk'
import { ClerkErrors } from '@mintmark/sdk/errors.js'

const mintmark = new Mintmark({ serverURL: process.env['CLERK_API_URL'] })

const [emailAddress, actor] = process.argv.slice(2)
if (!emailAddress || !actor) {
  console.error('Usage: support-tool.ts EMAIL ACTOR, such as: dorothy@example.com user_support')
  process.exit(2)
}
const [user] = await mintmark.users.list({ emailAddress: [emailAddress] })
if (user === undefined) {
  console.error(`There is no user with the address ${emailAddress}.`)
  process.exit(1)
}

const ticket = await mintmark.actorTokens.create({
  userId: user.id,
  // Who really acts: the session carries it as its `act` claim, and the audit log has it.
  actor: { sub: actor },
  expiresInSeconds: 600,
  sessionMaxDurationInSeconds: 1_800,
})
console.log(`Open within ten minutes, once: ${ticket.url}`)

// Whoever changes their mind takes it back. It can be done once, and only while nobody has used the link.
const { status } = await mintmark.actorTokens.revoke({ actorTokenId: ticket.id })
console.log(`The link is ${status}.`)
try {
  await mintmark.actorTokens.revoke({ actorTokenId: ticket.id })
} catch (error) {
  if (!(error instanceof ClerkErrors)) throw error
  console.log(`A second time it is refused: ${error.code}`)
}
