/**
 * One event for each state change, written in the transaction that makes the change: there is no change
 * without its event and no event without its change. Events hold ids and never secrets.
 */
import type { Call } from '../core/caller.ts'
import type { InstanceId } from '../core/ids.ts'
import type { Millis } from '../core/time.ts'

export const AUDIT_ACTIONS = [
  'instance.create',
  'instance.update',
  'instance.restore',
  'instance_key.create',
  'instance_key.rotate',
  'signing_key.create',
  'signing_key.reseal',
  'signing_key.rotate',
  'signing_key.revoke',
  'machine.create',
  'machine.update',
  'machine.delete',
  'machine.rotate_secret_key',
  'machine_scope.create',
  'machine_scope.delete',
  'user.create',
  'user.update',
  'user.delete',
  'm2m_token.issue',
  'm2m_token.revoke',
  'm2m_token.revoke_all',
  'actor_token.issue',
  'actor_token.revoke',
  'actor_token.redeem',
  'actor_token.end',
  'sign_in_token.issue',
  'sign_in_token.revoke',
  'sign_in_token.redeem',
  'session.create',
  'session.refresh',
  'session.end',
  'session.revoke',
  'testing_token.issue',
  'testing_token.revoke',
  'machine_token.issue',
] as const

export type AuditAction = (typeof AUDIT_ACTIONS)[number]

export interface AuditEvent {
  readonly instanceId: InstanceId
  readonly at: Millis
  readonly action: AuditAction
  /** What kind of caller did it. */
  readonly callerKind: Call['caller']['kind']
  /** The machine for a machine's key, else the key itself, or the browser; `null` for the operator at the command line. */
  readonly callerId: string | null
  /** The thing that changed. */
  readonly targetId: string
  readonly address: string | null
  readonly traceId: string
  /** What the caller gave as a reason, or what else an auditor must know. */
  readonly reason: string | null
}

/** An event as it was kept; numbers ascend in the order of commits. */
export interface RecordedAuditEvent extends AuditEvent {
  readonly number: number
}

/** Where use cases write events: always the log of their own transaction. */
export interface AuditLog {
  record(event: AuditEvent): Promise<void>
}

export interface AuditReader {
  /** Events after a number, oldest first. */
  after(number: number, limit: number): Promise<readonly RecordedAuditEvent[]>
  /** The newest events, oldest of them first. */
  newest(limit: number): Promise<readonly RecordedAuditEvent[]>
}

/** The event of a call. */
export const eventOf = (
  { caller, address, traceId }: Call,
  at: Millis,
  action: AuditAction,
  targetId: string,
  reason: string | null = null,
): AuditEvent => ({
  instanceId: caller.instanceId,
  at,
  action,
  callerKind: caller.kind,
  callerId: callerIdOf(caller),
  targetId,
  address,
  traceId,
  reason,
})

function callerIdOf(caller: Call['caller']): string | null {
  if (caller.kind === 'machine') return caller.machineId
  if (caller.kind === 'instance') return caller.keyId
  return caller.kind === 'browser' ? caller.browserId : null
}
