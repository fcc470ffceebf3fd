/** Puts storage, keys and use cases together: for a server, and for commands that work on a data folder. */
import { createAuthority, type Authority, type Policy } from '../authority.ts'
import { createIdSource } from '../core/ids.ts'
import { systemRandom } from '../core/secrets/random.ts'
import { millis, seconds, systemClock } from '../core/time.ts'
import { openKeyRing, type MasterKeys } from './key-ring.ts'
import { CLOCK_SKEW, openStorage, type StorageEvents } from './open-storage.ts'
import type { Config } from './settings.ts'

export interface ComposeOptions extends StorageEvents {
  readonly masterKeys: MasterKeys
  readonly publicUrl: string
  readonly frontendUrl?: string | null
}

/** @throws {StorageError} or {ConfigError} if the database cannot be used with these settings */
export async function composeAuthority(
  config: Config,
  { masterKeys, publicUrl, frontendUrl = config.frontendUrl, ...events }: ComposeOptions,
): Promise<Authority> {
  const { cachedTokens, acceptUnknownUsers, machineTokenCategory, longestTokenLifetime } = config
  const storage = await openStorage(config, events)
  const clock = systemClock
  const random = systemRandom
  const policy: Policy = {
    publicUrl,
    frontendUrl,
    acceptUnknownUsers,
    testingTokensOnLive: config.testingTokensOnLive,
    machineJwtCategory: machineTokenCategory,
    rememberedSecrets: cachedTokens,
    clockSkew: config.databaseUrl === null ? millis(0) : CLOCK_SKEW,
    longestLifetime: longestTokenLifetime === null ? null : seconds(longestTokenLifetime),
  }
  try {
    const ring = await openKeyRing({ storage, clock, random }, masterKeys)
    return createAuthority({ storage, ring, clock, random, ids: createIdSource({ clock, random }) }, policy)
  } catch (error) {
    await storage.close()
    throw error
  }
}
