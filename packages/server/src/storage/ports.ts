/** Every port on one connection. */
import type { Changes } from './cache/changes.ts'
import { actorTokenReader, actorTokenStore } from './sql/tokens/actor-token-store.ts'
import { auditLog, auditReader } from './sql/audit-log.ts'
import { idempotentAnswerReader, idempotentAnswerStore } from './sql/idempotent-answer-store.ts'
import { browserReader, browserStore } from './sql/directory/browser-store.ts'
import { instanceReader, instanceStore } from './sql/directory/instance-store.ts'
import { m2mTokenUseStore } from './sql/tokens/m2m-token-uses.ts'
import { m2mTokenReader, m2mTokenStore } from './sql/tokens/m2m-token-store.ts'
import { machineReader, machineStore } from './sql/directory/machine-store.ts'
import { masterKeyReader, masterKeyStore } from './sql/master-key-store.ts'
import { signingKeyReader, signingKeyStore } from './sql/signing-key-store.ts'
import { signInTokenReader, signInTokenStore } from './sql/tokens/sign-in-token-store.ts'
import { testingTokenReader, testingTokenStore } from './sql/tokens/testing-token-store.ts'
import { sessionReader, sessionStore } from './sql/directory/session-store.ts'
import { userReader, userStore } from './sql/directory/user-store.ts'
import { sweepStore } from './sweep/sweep-store.ts'
import type { SqlConnection } from './sql-connection.ts'
import type { Readers, Stores } from './storage.ts'

export const createReaders = (sql: SqlConnection): Readers => ({
  masterKeys: masterKeyReader(sql),
  instances: instanceReader(sql),
  signingKeys: signingKeyReader(sql),
  machines: machineReader(sql),
  users: userReader(sql),
  browsers: browserReader(sql),
  sessions: sessionReader(sql),
  m2mTokens: m2mTokenReader(sql),
  actorTokens: actorTokenReader(sql),
  signInTokens: signInTokenReader(sql),
  testingTokens: testingTokenReader(sql),
  idempotentAnswers: idempotentAnswerReader(sql),
  audit: auditReader(sql),
})

export const createStores = (sql: SqlConnection, changes: Changes): Stores => ({
  masterKeys: masterKeyStore(sql),
  instances: instanceStore(sql, changes),
  signingKeys: signingKeyStore(sql, changes),
  machines: machineStore(sql, changes),
  users: userStore(sql),
  browsers: browserStore(sql),
  sessions: sessionStore(sql),
  m2mTokens: m2mTokenStore(sql, changes),
  m2mTokenUses: m2mTokenUseStore(sql),
  actorTokens: actorTokenStore(sql),
  signInTokens: signInTokenStore(sql),
  testingTokens: testingTokenStore(sql),
  idempotentAnswers: idempotentAnswerStore(sql),
  sweeping: sweepStore(sql),
  audit: auditLog(sql),
})
