import { answerOf, answerOfError, type RefusalAnswer } from '../authenticate/answer.ts'
import type { Auth, SignedOutAuth } from '../authenticate/auth.ts'
import type { Acceptance, AcceptsToken, Authenticator, KindsOf } from '../authenticate/authenticator.ts'
import type { PresentingRequest } from '../authenticate/presented.ts'
import { InvalidRequestError } from '../core/errors.ts'

/** Either who is there, or what to answer instead. */
export type Guarded<Who> = { readonly auth: Who; readonly answer: null } | { readonly answer: RefusalAnswer }

/** For routes that somebody must be signed in to. Throws what is neither a refusal nor an outage. */
export async function guard<A extends AcceptsToken>(
  authenticator: Authenticator,
  request: PresentingRequest,
  acceptance: Acceptance<A>,
): Promise<Guarded<Auth<KindsOf<A>>>> {
  try {
    const state = await authenticator.authenticate(request, acceptance)
    if (!state.isAuthenticated) return { answer: answerOf(state) }
    return { auth: state.toAuth(), answer: null }
  } catch (error) {
    return { answer: answerOfError(error) }
  }
}

/** For routes that anybody may use: who is not authenticated is signed out. Only an outage is answered. */
export async function look(
  authenticator: Authenticator,
  request: PresentingRequest,
  acceptsToken: AcceptsToken = 'any',
): Promise<Guarded<Auth | SignedOutAuth>> {
  try {
    return { auth: (await authenticator.authenticate(request, { acceptsToken })).toAuth(), answer: null }
  } catch (error) {
    return { answer: answerOfError(error) }
  }
}

/** @throws {InvalidRequestError} */
export function present<Value>(value: Value | null | undefined, needs: string): Value {
  if (value != null) return value
  throw new InvalidRequestError('invalid_request', `${needs} has to come first`)
}
