/** Fills a data folder with live tokens, through the same stores that the server uses. */
import { m2mTokenId, createIdSource, type MachineId } from '../packages/server/src/core/ids.ts'
import { systemRandom } from '../packages/server/src/core/secrets/random.ts'
import { systemClock } from '../packages/server/src/core/time.ts'
import type { Authority } from '../packages/server/src/authority.ts'
import { m2mSecretOf } from '../packages/server/src/tokens/m2m-tokens/secret.ts'
import type { M2mToken } from '../packages/server/src/tokens/m2m-tokens/m2m-token.ts'

const BATCH = 5_000

/** @returns the secrets of up to `sample` of the tokens, spread over all of them */
export async function prefill(
  authority: Authority,
  issuer: MachineId,
  count: number,
  sample: number,
): Promise<string[]> {
  const { deps, storage } = authority
  const [instance] = await storage.read.instances.list()
  const machine = (await storage.read.machines.find(instance!.id, issuer))!
  const ids = createIdSource({ clock: systemClock, random: systemRandom })
  const secrets: string[] = []
  const every = Math.max(1, Math.floor(count / sample))
  for (let made = 0; made < count; made += BATCH) {
    const tokens = Array.from({ length: Math.min(BATCH, count - made) }, (): M2mToken => {
      const now = systemClock.now()
      return {
        id: m2mTokenId(ids.uuid()),
        instanceId: instance!.id,
        subject: issuer,
        format: 'opaque',
        scopes: machine.scopes,
        claims: null,
        macKeyId: deps.ring.currentId,
        signingKeyId: null,
        expiresAt: null,
        revokedAt: null,
        revocationReason: null,
        createdAt: now,
        updatedAt: now,
      }
    })
    await storage.transaction(async ({ m2mTokens }) => {
      for (const token of tokens) await m2mTokens.insert(token)
    })
    tokens.forEach((token, index) => {
      if ((made + index) % every === 0) secrets.push(m2mSecretOf(deps.ring, token))
    })
  }
  return secrets
}
