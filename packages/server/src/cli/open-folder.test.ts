import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { m2mTokenId, createIdSource, type InstanceId, type MachineId } from '../core/ids.ts'
import { systemRandom } from '../core/secrets/random.ts'
import { millis } from '../core/time.ts'
import { readConfig } from '../server/config.ts'
import { openSqlite } from '../storage/sqlite.ts'
import { withAuthority } from './open-folder.ts'

const YEAR_MS = 365 * 86_400_000

// Stops a command that runs for long, such as `audit tail --follow`, from removing what its server would keep.
it('removes no token, however little time the settings keep one', async () => {
  const data = mkdtempSync(join(tmpdir(), 'mintmark-test-'))
  const issuedAt = millis(Date.UTC(2020, 0, 1))
  const ids = createIdSource({ clock: { now: () => issuedAt }, random: systemRandom })
  const instanceId = ids.next<InstanceId>('ins')
  const id = m2mTokenId(ids.uuid())
  try {
    await (await openSqlite(data, { migrate: true, cachedTokens: 0, onFatal: () => {} })).close()
    const environment = { MINTMARK_MASTER_KEY: '0123456789abcdef'.repeat(4) }
    const config = readConfig({ flags: { data, tokenRetention: '0' }, environment, file: null })
    expect(config.tokenRetention).toBe(0)
    await withAuthority(config, async ({ storage }) => {
      await storage.transaction(({ m2mTokens }) =>
        m2mTokens.insert({
          id,
          instanceId,
          subject: ids.next<MachineId>('mch'),
          format: 'opaque',
          scopes: [],
          claims: null,
          macKeyId: 1,
          signingKeyId: null,
          expiresAt: millis(issuedAt + 1),
          revokedAt: null,
          revocationReason: null,
          createdAt: issuedAt,
          updatedAt: issuedAt,
        }),
      )
      await storage.sweep(millis(issuedAt + YEAR_MS))
      expect(await storage.read.m2mTokens.find(instanceId, id)).not.toBeNull()
    })
  } finally {
    rmSync(data, { recursive: true })
  }
})
