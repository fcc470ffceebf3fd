/** The page of an application: shows who is signed in, and who really acts. */
'use strict'

const banner = document.getElementById('banner')
const say = (id, text) => (document.getElementById(id).textContent = text)

/** clerk-js says `undefined` while it asks the authority, and `null` when it knows that nobody is signed in. */
function stateOf(session) {
  if (session === undefined) return 'loading'
  if (session === null) return 'signed-out'
  return session.actor ? 'acting' : 'signed-in'
}

const mayWrite = (session) =>
  Boolean(session) && (!session.actor?.permissions || session.actor.permissions.includes('write'))

function render({ session, user }) {
  const actor = session?.actor ?? null
  const name = user?.fullName ?? user?.id ?? ''
  document.body.dataset.state = stateOf(session)
  say('user', session ? name : 'Nobody is signed in')
  document.querySelector('header .sign-out').hidden = !session || Boolean(actor)
  banner.hidden = !actor
  if (actor) {
    say('actor', actor.sub)
    say('subject', name)
    say('permissions', actor.permissions ? `, and may only ${actor.permissions.join(', ')}` : '')
  }
  for (const button of document.querySelectorAll('.refund')) button.disabled = !mayWrite(session)
}

async function start() {
  const { Clerk } = window
  await Clerk.load({ telemetry: false })
  Clerk.addListener(render)
  render(Clerk)
  for (const button of document.querySelectorAll('.sign-out')) {
    button.addEventListener('click', () => void Clerk.signOut(() => {}))
  }
  const address = new URL(location.href)
  const ticket = address.searchParams.get('__clerk_ticket')
  if (ticket === null) return
  history.replaceState(null, '', '/')
  const { createdSessionId } = await Clerk.client.signIn.create({ strategy: 'ticket', ticket })
  await Clerk.setActive({ session: createdSessionId })
}

start().catch((/** @type {unknown} */ error) => {
  document.body.dataset.state = 'failed'
  say('user', error?.errors?.[0]?.code ?? String(error))
})
