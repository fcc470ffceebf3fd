import type {
  AuditAction,
  AuditEvent,
  AuditLog,
  AuditReader,
  RecordedAuditEvent,
} from '../../audit/audit-event.ts'
import type { InstanceId } from '../../core/ids.ts'
import type { Millis } from '../../core/time.ts'
import type { SqlConnection } from '../sql-connection.ts'

const INSERT = `insert into audit_events
  (instance_id, at, action, caller_kind, caller_id, target_id, address, trace_id, reason)
  values (?, ?, ?, ?, ?, ?, ?, ?, ?)`

export const auditLog = (sql: SqlConnection): AuditLog => ({
  async record({ instanceId, at, action, callerKind, callerId, targetId, address, traceId, reason }) {
    await sql.run(INSERT, instanceId, at, action, callerKind, callerId, targetId, address, traceId, reason)
  },
})

export const auditReader = (sql: SqlConnection): AuditReader => ({
  async after(number, limit) {
    const rows = await events(sql).where('number', '>', number).orderBy('number').limit(limit).execute()
    return rows.map(toEvent)
  },

  async newest(limit) {
    const rows = await events(sql).orderBy('number', 'desc').limit(limit).execute()
    return rows.map(toEvent).reverse()
  },
})

const events = (sql: SqlConnection) => sql.slow.selectFrom('audit_events').selectAll()

const toEvent = (
  row: Awaited<ReturnType<ReturnType<typeof events>['execute']>>[number],
): RecordedAuditEvent => ({
  number: row.number,
  instanceId: row.instance_id as InstanceId,
  at: row.at as Millis,
  action: row.action as AuditAction,
  callerKind: row.caller_kind as AuditEvent['callerKind'],
  callerId: row.caller_id,
  targetId: row.target_id,
  address: row.address,
  traceId: row.trace_id,
  reason: row.reason,
})
