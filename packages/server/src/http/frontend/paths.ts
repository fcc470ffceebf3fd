/** What is answered with a page or a redirect, and not with JSON. */
export const FRONTEND_PATHS = {
  handshake: '/v1/client/handshake',
  acceptTicket: '/v1/tickets/accept',
  signIn: '/sign-in',
} as const
