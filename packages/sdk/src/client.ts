import { MintmarkCore } from './core.ts'
import type { ClientOptions } from './core/options.ts'
import { unwrapAll } from './unwrap.ts'
import { actorTokensCreate } from './funcs/actorTokensCreate.ts'
import { actorTokensEnd } from './funcs/actorTokensEnd.ts'
import { actorTokensGet } from './funcs/actorTokensGet.ts'
import { actorTokensList } from './funcs/actorTokensList.ts'
import { actorTokensRevoke } from './funcs/actorTokensRevoke.ts'
import { jwksGet } from './funcs/jwksGet.ts'
import { m2mCreateToken } from './funcs/m2mCreateToken.ts'
import { m2mListTokens } from './funcs/m2mListTokens.ts'
import { m2mRevokeAllTokens } from './funcs/m2mRevokeAllTokens.ts'
import { m2mRevokeToken } from './funcs/m2mRevokeToken.ts'
import { m2mVerifyToken } from './funcs/m2mVerifyToken.ts'
import { machinesCreate } from './funcs/machinesCreate.ts'
import { machinesCreateScope } from './funcs/machinesCreateScope.ts'
import { machinesDelete } from './funcs/machinesDelete.ts'
import { machinesDeleteScope } from './funcs/machinesDeleteScope.ts'
import { machinesGet } from './funcs/machinesGet.ts'
import { machinesGetSecretKey } from './funcs/machinesGetSecretKey.ts'
import { machinesList } from './funcs/machinesList.ts'
import { machinesRotateSecretKey } from './funcs/machinesRotateSecretKey.ts'
import { machinesUpdate } from './funcs/machinesUpdate.ts'
import { machineTokensCreate } from './funcs/machineTokensCreate.ts'
import { sessionsCreate } from './funcs/sessionsCreate.ts'
import { sessionsCreateToken } from './funcs/sessionsCreateToken.ts'
import { sessionsGet } from './funcs/sessionsGet.ts'
import { sessionsList } from './funcs/sessionsList.ts'
import { sessionsRefresh } from './funcs/sessionsRefresh.ts'
import { sessionsRevoke } from './funcs/sessionsRevoke.ts'
import { sessionsVerifyToken } from './funcs/sessionsVerifyToken.ts'
import { signingKeysList } from './funcs/signingKeysList.ts'
import { signingKeysRevoke } from './funcs/signingKeysRevoke.ts'
import { signingKeysRotate } from './funcs/signingKeysRotate.ts'
import { signInTokensCreate } from './funcs/signInTokensCreate.ts'
import { signInTokensRevoke } from './funcs/signInTokensRevoke.ts'
import { testingTokensCreate } from './funcs/testingTokensCreate.ts'
import { testingTokensGet } from './funcs/testingTokensGet.ts'
import { testingTokensList } from './funcs/testingTokensList.ts'
import { testingTokensRevoke } from './funcs/testingTokensRevoke.ts'
import { testingTokensVerify } from './funcs/testingTokensVerify.ts'
import { usersCount } from './funcs/usersCount.ts'
import { usersCreate } from './funcs/usersCreate.ts'
import { usersDelete } from './funcs/usersDelete.ts'
import { usersGet } from './funcs/usersGet.ts'
import { usersList } from './funcs/usersList.ts'
import { usersMergeMetadata } from './funcs/usersMergeMetadata.ts'
import { usersReplaceMetadata } from './funcs/usersReplaceMetadata.ts'
import { usersUpdate } from './funcs/usersUpdate.ts'

/**
 * The whole of the API as one object. Each method takes what the standalone function of
 * `@mintmark/sdk/funcs/…` takes after the client; it returns the value, or throws one of the errors of
 * `@mintmark/sdk/errors.js`.
 *
 * @example
 * ```ts
 * import { Mintmark } from '@mintmark/sdk'
 *
 * const mintmark = new Mintmark({ secretKey: process.env['MINTMARK_SECRET_KEY'] })
 * const { token, expiresAt } = await mintmark.testingTokens.create()
 * ```
 */
export class Mintmark extends MintmarkCore {
  readonly testingTokens = unwrapAll(this, {
    create: testingTokensCreate,
    createTestingToken: testingTokensCreate,
    verify: testingTokensVerify,
    list: testingTokensList,
    get: testingTokensGet,
    revoke: testingTokensRevoke,
  })

  readonly actorTokens = unwrapAll(this, {
    create: actorTokensCreate,
    list: actorTokensList,
    get: actorTokensGet,
    revoke: actorTokensRevoke,
    end: actorTokensEnd,
  })

  readonly signInTokens = unwrapAll(this, { create: signInTokensCreate, revoke: signInTokensRevoke })

  readonly sessions = unwrapAll(this, {
    list: sessionsList,
    create: sessionsCreate,
    get: sessionsGet,
    revoke: sessionsRevoke,
    createToken: sessionsCreateToken,
    refresh: sessionsRefresh,
    verifyToken: sessionsVerifyToken,
  })

  readonly m2m = unwrapAll(this, {
    createToken: m2mCreateToken,
    verifyToken: m2mVerifyToken,
    verify: m2mVerifyToken,
    listTokens: m2mListTokens,
    list: m2mListTokens,
    revokeToken: m2mRevokeToken,
    revokeAllTokens: m2mRevokeAllTokens,
  })

  readonly machineTokens = unwrapAll(this, { create: machineTokensCreate })

  readonly machines = unwrapAll(this, {
    list: machinesList,
    create: machinesCreate,
    get: machinesGet,
    update: machinesUpdate,
    delete: machinesDelete,
    getSecretKey: machinesGetSecretKey,
    rotateSecretKey: machinesRotateSecretKey,
    createScope: machinesCreateScope,
    deleteScope: machinesDeleteScope,
  })

  readonly users = unwrapAll(this, {
    list: usersList,
    count: usersCount,
    create: usersCreate,
    get: usersGet,
    update: usersUpdate,
    delete: usersDelete,
    replaceMetadata: usersReplaceMetadata,
    mergeMetadata: usersMergeMetadata,
  })

  readonly signingKeys = unwrapAll(this, {
    list: signingKeysList,
    rotate: signingKeysRotate,
    revoke: signingKeysRevoke,
  })

  readonly jwks = unwrapAll(this, { get: jwksGet })
}

/** As `new Mintmark(options)`, for programs that were written for `createClerkClient`. */
export const createClient = (options?: ClientOptions): Mintmark => new Mintmark(options)
