/** Who asks, once authenticated, and what an audit event needs to say about the request. */
import type { BrowserId, InstanceId, MachineId, SecretKeyId } from './ids.ts'

/**
 * A key holder, or the operator at the command line. A machine caller never acts for its instance:
 * each use case says what it may see.
 */
export type Caller =
  | { readonly kind: 'instance'; readonly instanceId: InstanceId; readonly keyId: SecretKeyId }
  | {
      readonly kind: 'machine'
      readonly instanceId: InstanceId
      readonly machineId: MachineId
      readonly keyId: SecretKeyId
    }
  | { readonly kind: 'operator'; readonly instanceId: InstanceId }
  /** Whoever sits at a browser; `null` for one that has no cookie yet. */
  | { readonly kind: 'browser'; readonly instanceId: InstanceId; readonly browserId: BrowserId | null }

export type MachineCaller = Extract<Caller, { kind: 'machine' }>

export type BrowserCaller = Extract<Caller, { kind: 'browser' }>

export type InstanceCaller = Extract<Caller, { kind: 'instance' }>

/** One call: what use cases take, so that no state change can leave out who asked for it. */
export interface Call<By extends Caller = Caller> {
  readonly caller: By
  /** Where it came from, as seen by the server (or told by a trusted proxy). */
  readonly address: string | null
  readonly traceId: string
}

/** May a caller of this instance see something of that machine? Machines see only their own. */
export const mayManage = (caller: Caller, machineId: MachineId): boolean =>
  caller.kind !== 'machine' || caller.machineId === machineId
