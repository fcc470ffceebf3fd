import type { KeyObject } from 'node:crypto'
import type { ActorTokenId } from '../../core/ids.ts'
import { toSeconds } from '../../core/time.ts'
import { signJwt, type Jwt } from '../../signing/jws.ts'
import type { ActorToken } from './actor-token.ts'

/** The `st` (source type) that tells an actor's ticket from other tickets (wire reference, "Tickets"). */
const SOURCE_TYPE = 'actor_token'

/** Writes the ticket. It has no kid, no `cat` and no `sub`: nothing a session verifier would take. */
export const ticketOf = (token: ActorToken, key: KeyObject): string =>
  signJwt(
    {},
    {
      eis: Math.round((token.expiresAt - token.createdAt) / 1000),
      exp: toSeconds(token.expiresAt),
      iid: token.instanceId,
      sid: token.id,
      st: SOURCE_TYPE,
    },
    key,
  )

/** The id in an actor's ticket; `null` for a JWT of any other kind or instance. */
export const actorTokenIdIn = ({ header, payload }: Jwt, instanceId: string): ActorTokenId | null =>
  header.kid === undefined &&
  payload.st === SOURCE_TYPE &&
  payload.iid === instanceId &&
  typeof payload.sid === 'string'
    ? (payload.sid as ActorTokenId)
    : null
