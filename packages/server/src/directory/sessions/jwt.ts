/** Session JWTs, as published clients verify them (wire reference, "Session JWT"). */
import { toHex, type SessionId } from '../../core/ids.ts'
import type { Random } from '../../core/secrets/random.ts'
import { toSeconds, type Millis, type Seconds } from '../../core/time.ts'
import { signJwt, type Jwt } from '../../signing/jws.ts'
import type { Keys } from '../../signing/keys.ts'
import type { Session } from './session.ts'

/** The `cat` that tells a session's JWT from those of machines. */
const SESSION_JWT_CATEGORY = 'cl_B7d4PD111AAA'

/** Clocks of whoever verifies may be that far behind. */
const NOT_BEFORE_SECONDS = 10

export interface SessionJwtOptions {
  readonly issuer: string
  /** The origin of the page that it is for; `null` where none asks. */
  readonly authorizedParty: string | null
  readonly now: Millis
  readonly lifetime: Seconds
}

export async function sessionJwtOf(
  { keys, random }: { readonly keys: Keys; readonly random: Random },
  session: Session,
  { issuer, authorizedParty, now, lifetime }: SessionJwtOptions,
): Promise<string> {
  const { id: kid, key } = await keys.signing(session.instanceId, 'token')
  const iat = toSeconds(now)
  const minutes = Math.floor((now - session.createdAt) / 60_000)
  const payload = {
    ...(authorizedParty !== null && { azp: authorizedParty }),
    // No token outlives its session, but for the second that it is issued in.
    exp: Math.max(iat + 1, Math.min(iat + lifetime, toSeconds(session.expiresAt))),
    // How long ago the person proved who it is: by the ticket, and never by a second factor.
    fva: [minutes, -1],
    iat,
    iss: issuer,
    jti: toHex(random.bytes(10)),
    nbf: iat - NOT_BEFORE_SECONDS,
    sid: session.id,
    sts: 'active',
    sub: session.userId,
    v: 2,
    ...(session.actor !== null && { act: session.actor }),
  }
  return signJwt({ cat: SESSION_JWT_CATEGORY, kid, oiat: iat }, payload, key)
}

/** The session in a JWT of this kind; `null` in any other. */
export const sessionIdIn = ({ header, payload }: Jwt): SessionId | null =>
  header.cat === SESSION_JWT_CATEGORY && typeof payload.sid === 'string' && typeof payload.sub === 'string'
    ? (payload.sid as SessionId)
    : null
