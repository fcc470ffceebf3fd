/**
 * Does again what events say was taken away. Each may be done twice, and none gives anything back. Where an
 * event does not say enough, what it may mean ends: a good token too few is safer than a revoked one too many.
 */
import type { AuditAction } from '../../audit/audit-event.ts'
import { raiseTokensNotBefore } from '../mass-revocation.ts'
import type { SqlConnection, SqlValue } from '../sql-connection.ts'
import type { Schema } from '../schema.ts'

type Event = Pick<Schema['audit_events'], 'instance_id' | 'at' | 'target_id' | 'reason'> & {
  readonly action: AuditAction
  readonly number: number
}

export interface Replayed {
  /** How many events of each action were replayed. */
  readonly replayed: Readonly<Partial<Record<AuditAction, number>>>
  /** Instances whose newest secret key is not in the backup: they need another. */
  readonly instancesWithoutKey: readonly string[]
  /** Machines whose newest secret key is not in the backup, and that are still there. */
  readonly machinesWithoutKey: readonly string[]
  /** Instances one of whose signing keys was revoked. */
  readonly instancesWithRevokedSigningKey: readonly string[]
}

type Replay = (
  run: (text: string, ...values: SqlValue[]) => Promise<unknown>,
  event: Event,
) => Promise<unknown>

const EXPIRE = 'set expires_at = ? where instance_id = ? and (expires_at is null or expires_at > ?)'

const REPLAYS: Partial<Record<AuditAction, Replay>> = {
  'm2m_token.revoke': (run, { at, reason, target_id, instance_id }) =>
    run(
      `update m2m_tokens set revoked_at = ?, revocation_reason = ?, updated_at = ?
       where id = ? and instance_id = ? and revoked_at is null`,
      at,
      reason,
      at,
      target_id,
      instance_id,
    ),

  'm2m_token.revoke_all': (run, event) => {
    const until = lastRevoked(event)
    // The first signing key of an instance has the instance's id; then all of the instance is meant.
    const { target_id, instance_id } = event
    if (target_id.startsWith('ins_')) return run(raiseTokensNotBefore('instances'), until, until, target_id)
    const table = target_id.startsWith('mch_') ? 'machines' : 'signing_keys'
    return run(raiseTokensNotBefore(table), until, until, target_id, instance_id)
  },

  'actor_token.revoke': (run, event) => setStatus(run, 'actor_tokens', 'pending', 'revoked', event),
  'actor_token.end': (run, event) => setStatus(run, 'actor_tokens', 'pending', 'revoked', event),
  'actor_token.redeem': (run, event) => setStatus(run, 'actor_tokens', 'pending', 'accepted', event),
  'sign_in_token.revoke': (run, event) => setStatus(run, 'sign_in_tokens', 'pending', 'revoked', event),
  'sign_in_token.redeem': (run, event) => setStatus(run, 'sign_in_tokens', 'pending', 'accepted', event),
  'session.revoke': (run, event) => setStatus(run, 'sessions', 'active', 'revoked', event),
  'session.end': (run, event) => setStatus(run, 'sessions', 'active', 'ended', event),

  'testing_token.revoke': (run, { at, target_id, instance_id }) =>
    run(
      'update testing_tokens set revoked_at = ? where id = ? and instance_id = ? and revoked_at is null',
      at,
      target_id,
      instance_id,
    ),

  // Its origins may have become fewer, and a page a bad one; what they are now, it does not say.
  'instance.update': (run, { instance_id }) =>
    run(
      `update instances set allowed_origins = '[]', sign_in_url = null, home_url = null where id = ?`,
      instance_id,
    ),

  // Its keys and every scope from or to it go with it: the schema says so.
  'machine.delete': (run, { target_id, instance_id }) =>
    run('delete from machines where id = ? and instance_id = ?', target_id, instance_id),

  'machine_scope.delete': (run, { target_id, reason }) => {
    const to = /^to (\S+)$/.exec(reason ?? '')?.[1]
    return to === undefined
      ? run('delete from machine_scopes where from_id = ?', target_id)
      : run('delete from machine_scopes where from_id = ? and to_id = ?', target_id, to)
  },

  // The newest key of that time may be another than the newest that is known now: then all end.
  'machine.rotate_secret_key': (run, event) => {
    const end = endOfOverlap(event)
    return run(
      `update machine_secret_keys ${EXPIRE} and machine_id = ?`,
      end,
      event.instance_id,
      end,
      event.target_id,
    )
  },

  'instance_key.rotate': (run, event) => {
    const end = endOfOverlap(event)
    return run(`update instance_secret_keys ${EXPIRE}`, end, event.instance_id, end)
  },

  'signing_key.revoke': (run, { at, target_id, instance_id }) =>
    run(
      'update signing_keys set revoked_at = ? where id = ? and instance_id = ? and revoked_at is null',
      at,
      target_id,
      instance_id,
    ),

  async 'user.delete'(run, { at, target_id, instance_id }) {
    await run('delete from users where id = ? and instance_id = ?', target_id, instance_id)
    await run(
      `update sessions set status = 'removed', updated_at = ?
       where user_id = ? and instance_id = ? and status = 'active'`,
      at,
      target_id,
      instance_id,
    )
  },
}

const setStatus = (
  run: Parameters<Replay>[0],
  table: 'actor_tokens' | 'sign_in_tokens' | 'sessions',
  from: 'pending' | 'active',
  to: 'accepted' | 'revoked' | 'ended',
  { at, target_id, instance_id }: Event,
): Promise<unknown> =>
  run(
    `update ${table} set status = ?, updated_at = ? where id = ? and instance_id = ? and status = ?`,
    to,
    at,
    target_id,
    instance_id,
    from,
  )

/** Uses of testing tokens are in no event: of one that may be used so often only, none is left. */
const NO_USES_LEFT = 'update testing_tokens set uses = max_uses where max_uses is not null'

/** The use cases write it as a reason. Who cannot read it lets the keys end at once. */
function endOfOverlap({ at, reason }: Event): number {
  const overlap = /^overlap (\d+(?:\.\d+)?) s$/.exec(reason ?? '')?.[1]
  return overlap === undefined ? at : at + Math.round(Number(overlap) * 1_000)
}

/** What is kept is the last instant whose tokens are revoked; the reason begins with the one after it. */
function lastRevoked({ at, reason }: Event): number {
  const before = Date.parse(/^before (\S+Z)/.exec(reason ?? '')?.[1] ?? '')
  return Number.isNaN(before) ? at : before - 1
}

const PAGE = 1_000

/**
 * @param after the last number that the backup has
 * @param late numbers before it that it does not have
 */
export async function replay(
  sql: SqlConnection,
  after: number,
  late: ReadonlySet<number>,
): Promise<Replayed> {
  const replayed: Partial<Record<AuditAction, number>> = {}
  const run = (text: string, ...values: SqlValue[]) => sql.run(text, ...values)
  for await (const event of eventsAfter(sql, Math.min(after, ...[...late].map((number) => number - 1)))) {
    if (event.number <= after && !late.has(event.number)) continue
    await REPLAYS[event.action]!(run, event)
    replayed[event.action] = (replayed[event.action] ?? 0) + 1
  }
  await run(NO_USES_LEFT)
  return { replayed, ...(await missingKeys(sql, after)) }
}

async function* eventsAfter(sql: SqlConnection, after: number): AsyncGenerator<Event> {
  let last = after
  for (;;) {
    const page = await sql.query
      .selectFrom('audit_events')
      .select(['number', 'action', 'instance_id', 'at', 'target_id', 'reason'])
      .where('number', '>', last)
      .where('action', 'in', Object.keys(REPLAYS))
      .orderBy('number')
      .limit(PAGE)
      .execute()
    yield* page as readonly Event[]
    if (page.length < PAGE) return
    last = page.at(-1)!.number
  }
}

/** Whose newest key was made after the backup: it is lost, and no overlap lasts for ever. */
async function missingKeys(sql: SqlConnection, after: number): Promise<Omit<Replayed, 'replayed'>> {
  const targets = async (column: 'instance_id' | 'target_id', action: AuditAction, among: string) => {
    const rows = await sql.all<{ id: string }>(
      `select distinct ${column} as id from audit_events
       where number > ? and action = ? and ${column} in (select id from ${among}) order by 1`,
      after,
      action,
    )
    return rows.map(({ id }) => id)
  }
  return {
    instancesWithoutKey: await targets('instance_id', 'instance_key.rotate', 'instances'),
    machinesWithoutKey: await targets('target_id', 'machine.rotate_secret_key', 'machines'),
    instancesWithRevokedSigningKey: await targets('instance_id', 'signing_key.revoke', 'instances'),
  }
}
