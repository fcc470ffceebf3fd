import { MintmarkCore } from './core.ts'
import type { ClientOptions } from './core/options.ts'
import { unwrapAll } from './unwrap.ts'
import { actorTokensCreate } from './funcs/actorTokensCreate.ts'
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
import { signingKeysList } from './funcs/signingKeysList.ts'
import { signingKeysRevoke } from './funcs/signingKeysRevoke.ts'
import { signingKeysRotate } from './funcs/signingKeysRotate.ts'
import { testingTokensCreate } from './funcs/testingTokensCreate.ts'
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
  })

  readonly actorTokens = unwrapAll(this, { create: actorTokensCreate, revoke: actorTokensRevoke })

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
