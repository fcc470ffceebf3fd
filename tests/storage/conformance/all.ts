/** All that a storage must show, whatever it is made of. */
import type { Storage } from '../../../packages/server/src/storage/storage.ts'
import { actorTokenStoreConformance } from './actor-token-store.ts'
import { auditLogConformance } from './audit-log.ts'
import { browserStoreConformance } from './browser-store.ts'
import { enclosingTransactionConformance } from './enclosing-transactions.ts'
import { idempotentAnswerStoreConformance } from './idempotent-answer-store.ts'
import { instanceStoreConformance } from './instance-store.ts'
import { m2mTokenPoolConformance } from './m2m-token-pool.ts'
import { m2mTokenStoreConformance } from './m2m-token-store.ts'
import { m2mTokenUsesConformance } from './m2m-token-uses.ts'
import { machineStoreConformance } from './machine-store.ts'
import { masterKeyStoreConformance } from './master-key-store.ts'
import { sessionListConformance } from './session-list.ts'
import { sessionStoreConformance } from './session-store.ts'
import { sharingConformance } from './sharing.ts'
import { signInTokenStoreConformance } from './sign-in-token-store.ts'
import { signingKeyStoreConformance } from './signing-key-store.ts'
import { sweepingSessionsConformance } from './sweeping-sessions.ts'
import { sweepingConformance } from './sweeping.ts'
import { testingTokenStoreConformance } from './testing-token-store.ts'
import { transactionConformance } from './transactions.ts'
import { userStoreConformance } from './user-store.ts'
import type { Open } from '../records.ts'

export interface Opening {
  /** An empty one. */
  readonly open: Open
  /** Another process on the same database. */
  readonly openBeside: (storage: Storage) => Promise<Storage>
  /** Closes it, and opens the same database again. */
  readonly reopen: (storage: Storage) => Promise<Storage>
  /** What a request does before it reads. */
  readonly catchUp: (storage: Storage) => Promise<void>
  /** Whether audit events have the order in which they were recorded, also across transactions. */
  readonly auditedInOrder: boolean
}

export function storageConformance({ open, openBeside, reopen, catchUp, auditedInOrder }: Opening): void {
  actorTokenStoreConformance(open)
  auditLogConformance(open, auditedInOrder)
  browserStoreConformance(open)
  enclosingTransactionConformance(open)
  idempotentAnswerStoreConformance(open, reopen)
  instanceStoreConformance(open)
  m2mTokenPoolConformance(open)
  m2mTokenStoreConformance(open)
  m2mTokenUsesConformance(open, reopen)
  machineStoreConformance(open)
  masterKeyStoreConformance(open)
  sessionListConformance(open)
  sessionStoreConformance(open)
  sharingConformance(open, openBeside, catchUp)
  signInTokenStoreConformance(open)
  signingKeyStoreConformance(open)
  sweepingConformance(open, openBeside, catchUp)
  sweepingSessionsConformance(open)
  testingTokenStoreConformance(open)
  transactionConformance(open)
  userStoreConformance(open)
}
