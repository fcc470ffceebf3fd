/**
 * The end of the road for a link: redeems the ticket in the address with clerk-js, says as whom one is signed in and
 * who really acts, and ends it. Everything shown goes through textContent: what is shown comes from others.
 */
'use strict'

const { home, challengeKey, challengeScript } = document.body.dataset
const view = document.getElementById('view')
const place = document.querySelector('.name').textContent

/** Why a link did not do, for whoever clicked on it. */
const REASONS = {
  ticket_expired_code: 'The link is too old. Ask for another.',
  ticket_invalid_code: 'The link is damaged, or is for another place.',
  actor_token_already_used_code: 'The link was used already. Each is for one use.',
  actor_token_revoked_code: 'The link was revoked.',
  actor_token_subject_not_found: 'The user whom it is for is not there any more.',
  sign_in_token_already_used_code: 'The link was used already. Each is for one use.',
  sign_in_token_revoked_code: 'The link was revoked.',
  sign_in_token_cannot_be_used_code: 'The user whom it is for is not there any more.',
  session_exists: 'Somebody is signed in at this browser already.',
  session_creation_not_allowed: 'You act as a user already, and nobody acts as two.',
  too_many_requests: 'Too many have tried from here. Wait some seconds, then try again.',
  service_unavailable: 'Nobody can be asked at the moment. Try again in a while.',
  captcha_missing_token: 'It could not be shown that you are no program.',
  captcha_invalid: 'It could not be shown that you are no program.',
}

/** What the link waits for; it is still good. */
const IN_THE_WAY = new Set(['session_exists', 'session_creation_not_allowed'])
/** What another try may mend. */
const PASSING = new Set([
  'too_many_requests',
  'service_unavailable',
  'captcha_missing_token',
  'captcha_invalid',
  undefined,
])

/** @returns {HTMLElement} with text, attributes and children */
function element(name, { text, children = [], ...attributes } = {}) {
  const made = document.createElement(name)
  if (text !== undefined) made.textContent = text
  for (const [attribute, value] of Object.entries(attributes)) made.setAttribute(attribute, value)
  made.append(...children)
  return made
}

/** A drawing of the page. */
const drawing = (id) => document.getElementById(id).content.cloneNode(true)
const disc = (kind, ...children) => element('span', { class: `disc ${kind}`, children })

/** Two letters that stand for somebody. */
function initialsOf(name) {
  const words = name.split(/[^\p{L}\p{N}]+/u).filter(Boolean)
  const [first = '?', last = ''] = words.length > 1 ? [words[0], words.at(-1)] : words
  return [first, last].map((word) => [...word][0]?.toUpperCase() ?? '').join('')
}

function show(state, { figure, title, summary, more = [], buttons = [] }) {
  document.body.dataset.state = state
  document.title = `${title} · ${place}`
  view.replaceChildren(
    element('div', { class: 'figure', 'aria-hidden': 'true', children: figure }),
    element('h1', { id: 'title', text: title }),
    element('p', { id: 'summary', text: summary }),
    ...more,
    ...(buttons.length > 0 ? [element('div', { class: 'actions', children: buttons })] : []),
  )
  // Who cannot see that all has changed is told, and the Tab key goes on from here.
  view.focus({ preventScroll: true })
}

/** The ticket leaves the address bar at once, and with it the history and whatever reads it. */
function takeTicket() {
  const address = new URL(location.href)
  const ticket = address.searchParams.get('__clerk_ticket')
  const names = Array.from(address.searchParams.keys())
  for (const name of names) if (name.startsWith('__clerk_')) address.searchParams.delete(name)
  history.replaceState(null, '', address)
  return ticket
}

function button(label, kind, act) {
  const made = element('button', { type: 'button', class: kind, text: label })
  made.addEventListener('click', () => {
    made.disabled = true
    act().catch((/** @type {unknown} */ error) => showFailure(error, null))
  })
  return made
}

const continueButtons = () =>
  home ? [element('a', { class: 'button', href: home, text: `Continue to ${place}` })] : []

/** Without a function to call, clerk-js would go to another page. */
const signOut = () => window.Clerk.signOut(() => {})

const nameOf = (user) => user.fullName || user.primaryEmailAddress?.emailAddress || user.username || user.id

function showSession() {
  const { user, session } = window.Clerk
  const { actor } = session
  const name = nameOf(user)
  const end = button(actor ? 'End impersonation' : 'Sign out', home ? 'second' : '', async () => {
    await signOut()
    showEnded()
  })
  const buttons = [...continueButtons(), end]
  const them = disc('', initialsOf(name))
  if (!actor) {
    const summary = `You are signed in to ${place}.`
    show('signed-in', { figure: [them], title: `Hello, ${name}`, summary, buttons })
    return
  }
  const you = disc('actor', initialsOf(actor.sub))
  const arrow = element('span', { class: 'arrow', children: [drawing('arrow')] })
  show('acting', {
    figure: [you, arrow, them],
    title: `Acting as ${name}`,
    summary: 'What you do now, you do as somebody else. The application can see that it is you.',
    more: [detailsOf(session, actor, user)],
    buttons,
  })
}

function detailsOf(session, actor, user) {
  const time = { hour: '2-digit', minute: '2-digit' }
  const rows = [
    ['You are', actor.sub, ''],
    ['User', user.id, 'id'],
    ['Ends at', new Date(session.expireAt).toLocaleTimeString([], time), ''],
  ]
  if (Array.isArray(actor.permissions)) {
    const permissions = actor.permissions.map(String).join(', ')
    rows.push(['You may', permissions || 'nothing', ''])
  }
  const row = ([term, text, kind]) =>
    element('div', { children: [element('dt', { text: term }), element('dd', { text, class: kind })] })
  return element('dl', { children: rows.map(row) })
}

function showEnded() {
  const summary = 'You are signed out. You can close this page.'
  show('over', { figure: [disc('', drawing('good'))], title: 'It has ended', summary })
}

function showNobody() {
  const summary = 'Open a link that signs you in.'
  show('over', { figure: [disc('', drawing('good'))], title: 'You are signed out', summary })
}

/** @param {string | null} ticket what did not do, if that is what has failed */
function showFailure(error, ticket) {
  const code = error?.errors?.[0]?.code
  show('failed', {
    figure: [disc('bad', drawing('bad'))],
    title: 'This did not work',
    summary: REASONS[code] ?? 'Something went wrong. Try again in a while.',
    more: code === undefined ? [] : [element('p', { class: 'code', text: code })],
    buttons: waysOut(code, ticket),
  })
}

/** What can be done about a failure. */
function waysOut(code, ticket) {
  const session = window.Clerk?.session
  const again = ticket !== null && PASSING.has(code) ? [button('Try again', '', () => redeem(ticket))] : []
  if (!session) return again
  const stay = async () => showSession()
  const name = nameOf(session.user)
  if (ticket === null || !IN_THE_WAY.has(code)) {
    return [...again, button(session.actor ? `Stay as ${name}` : 'Stay signed in', 'second', stay)]
  }
  const instead = async () => {
    await signOut()
    await redeem(ticket)
  }
  return session.actor
    ? [button('End it, and open the link', '', instead), button(`Stay as ${name}`, 'second', stay)]
    : [button('Sign out, and open the link', '', instead), button('Stay signed in', 'second', stay)]
}

/** The script that shows the challenge, once it is there. */
let challenging

function loadChallenge() {
  challenging ??= new Promise((resolve, reject) => {
    const script = element('script', { src: challengeScript })
    script.addEventListener('load', resolve)
    script.addEventListener('error', () => {
      challenging = undefined
      reject(new Error('The challenge could not be loaded.'))
    })
    document.head.append(script)
  })
  return challenging
}

/** Shows the challenge, if there is one. @returns {Promise<string | undefined>} its answer */
async function solveChallenge() {
  if (!challengeKey || !challengeScript) return undefined
  await loadChallenge()
  const shown = element('div', {})
  document.getElementById('challenge').replaceChildren(shown)
  try {
    return await new Promise((resolve, reject) => {
      window.turnstile.render(shown, {
        sitekey: challengeKey,
        callback: resolve,
        'error-callback': () => reject(new Error('The challenge failed.')),
      })
    })
  } finally {
    shown.remove()
  }
}

async function redeem(ticket) {
  const { Clerk } = window
  try {
    const captchaToken = await solveChallenge()
    const attempt = { strategy: 'ticket', ticket, ...(captchaToken !== undefined && { captchaToken }) }
    const signIn = await Clerk.client.signIn.create(attempt)
    await Clerk.setActive({ session: signIn.createdSessionId })
    showSession()
  } catch (error) {
    showFailure(error, ticket)
  }
}

async function run() {
  const ticket = takeTicket()
  // It would tell its maker about itself; here it has nothing to tell anybody.
  await window.Clerk.load({ telemetry: false })
  let wasSignedIn = false
  window.Clerk.addListener(({ session }) => {
    // Ended from elsewhere, or because its time is over.
    if (wasSignedIn && session === null) showEnded()
    wasSignedIn = Boolean(session)
  })
  if (ticket !== null) await redeem(ticket)
  else if (window.Clerk.session) showSession()
  else showNobody()
}

run().catch((/** @type {unknown} */ error) => showFailure(error, null))
