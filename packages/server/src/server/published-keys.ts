import type { Authority } from '../authority.ts'
import type { PublishedKeys } from '../http/public-routes.ts'
import { toJwks } from '../signing/jwks.ts'

const REFRESH_MS = 1_000

/** Keeps every instance's public keys in memory, so that however many ask for them, no database is asked. */
export async function publishKeys({ storage, deps }: Authority): Promise<PublishedKeys & { stop(): void }> {
  const read = async () => {
    await storage.catchUp()
    const instances = await storage.read.instances.list()
    return Promise.all(
      instances.map(async (instance) => ({
        instance,
        jwks: toJwks(await deps.keys.published(instance.id)),
      })),
    )
  }
  let all = await read()
  // Old keys stay published while the store cannot be read: without them nobody could verify anything.
  const refresh = () =>
    void read().then(
      (found) => (all = found),
      () => {},
    )
  const timer = setInterval(refresh, REFRESH_MS).unref()
  return { all: () => all, stop: () => clearInterval(timer) }
}
