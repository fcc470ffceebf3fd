/** The published half of an instance's keys (RFC 7517). */
import { z } from 'zod'
import { operation, route, type Route } from '../core/operation.ts'
import type { Keys } from './keys.ts'
import type { SigningKey } from './signing-key.ts'

const jwksResource = z
  .object({
    keys: z.array(
      z.object({
        use: z.literal('sig'),
        kty: z.literal('RSA'),
        kid: z.string(),
        alg: z.literal('RS256'),
        n: z.string(),
        e: z.string(),
      }),
    ),
  })
  .meta({ id: 'JWKS' })

export type Jwks = z.infer<typeof jwksResource>

/** Public members only. @param keys those that are published */
export const toJwks = (keys: readonly SigningKey[]): Jwks => ({
  keys: keys.map(({ id, alg, publicKey: { n, e } }) => ({ use: 'sig', kty: 'RSA', kid: id, alg, n, e })),
})

const getJwksOperation = operation({
  id: 'jwks.get',
  method: 'GET',
  path: '/v1/jwks',
  summary: "Get the public keys that verify the instance's JWTs.",
  description: 'The same set is public at `/.well-known/jwks.json`.',
  callers: 'instance',
  dialect: 'form',
  success: 200,
  response: jwksResource,
  errors: [],
  unlimited: true,
})

export const jwksRoutes = ({ keys }: { readonly keys: Keys }): readonly Route[] => [
  route(getJwksOperation, async (_input, { caller }) => toJwks(await keys.published(caller.instanceId))),
]
