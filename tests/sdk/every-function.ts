/** Every function of the SDK, and what a call of one is given and should do. */
import type { Mintmark } from '@mintmark/sdk'
import { actorTokensCreate } from '@mintmark/sdk/funcs/actorTokensCreate.js'
import { actorTokensEnd } from '@mintmark/sdk/funcs/actorTokensEnd.js'
import { actorTokensGet } from '@mintmark/sdk/funcs/actorTokensGet.js'
import { actorTokensList } from '@mintmark/sdk/funcs/actorTokensList.js'
import { actorTokensRevoke } from '@mintmark/sdk/funcs/actorTokensRevoke.js'
import { jwksGet } from '@mintmark/sdk/funcs/jwksGet.js'
import { m2mCreateToken } from '@mintmark/sdk/funcs/m2mCreateToken.js'
import { m2mListTokens } from '@mintmark/sdk/funcs/m2mListTokens.js'
import { m2mRevokeAllTokens } from '@mintmark/sdk/funcs/m2mRevokeAllTokens.js'
import { m2mRevokeToken } from '@mintmark/sdk/funcs/m2mRevokeToken.js'
import { m2mVerifyToken } from '@mintmark/sdk/funcs/m2mVerifyToken.js'
import { machinesCreate } from '@mintmark/sdk/funcs/machinesCreate.js'
import { machinesCreateScope } from '@mintmark/sdk/funcs/machinesCreateScope.js'
import { machinesDelete } from '@mintmark/sdk/funcs/machinesDelete.js'
import { machinesDeleteScope } from '@mintmark/sdk/funcs/machinesDeleteScope.js'
import { machinesGet } from '@mintmark/sdk/funcs/machinesGet.js'
import { machinesGetSecretKey } from '@mintmark/sdk/funcs/machinesGetSecretKey.js'
import { machinesList } from '@mintmark/sdk/funcs/machinesList.js'
import { machinesRotateSecretKey } from '@mintmark/sdk/funcs/machinesRotateSecretKey.js'
import { machinesUpdate } from '@mintmark/sdk/funcs/machinesUpdate.js'
import { machineTokensCreate } from '@mintmark/sdk/funcs/machineTokensCreate.js'
import { sessionsCreate } from '@mintmark/sdk/funcs/sessionsCreate.js'
import { sessionsCreateToken } from '@mintmark/sdk/funcs/sessionsCreateToken.js'
import { sessionsGet } from '@mintmark/sdk/funcs/sessionsGet.js'
import { sessionsList } from '@mintmark/sdk/funcs/sessionsList.js'
import { sessionsRefresh } from '@mintmark/sdk/funcs/sessionsRefresh.js'
import { sessionsRevoke } from '@mintmark/sdk/funcs/sessionsRevoke.js'
import { sessionsVerifyToken } from '@mintmark/sdk/funcs/sessionsVerifyToken.js'
import { signingKeysList } from '@mintmark/sdk/funcs/signingKeysList.js'
import { signingKeysRevoke } from '@mintmark/sdk/funcs/signingKeysRevoke.js'
import { signingKeysRotate } from '@mintmark/sdk/funcs/signingKeysRotate.js'
import { signInTokensCreate } from '@mintmark/sdk/funcs/signInTokensCreate.js'
import { signInTokensRevoke } from '@mintmark/sdk/funcs/signInTokensRevoke.js'
import { testingTokensCreate } from '@mintmark/sdk/funcs/testingTokensCreate.js'
import { testingTokensGet } from '@mintmark/sdk/funcs/testingTokensGet.js'
import { testingTokensList } from '@mintmark/sdk/funcs/testingTokensList.js'
import { testingTokensRevoke } from '@mintmark/sdk/funcs/testingTokensRevoke.js'
import { testingTokensVerify } from '@mintmark/sdk/funcs/testingTokensVerify.js'
import { usersCount } from '@mintmark/sdk/funcs/usersCount.js'
import { usersCreate } from '@mintmark/sdk/funcs/usersCreate.js'
import { usersDelete } from '@mintmark/sdk/funcs/usersDelete.js'
import { usersGet } from '@mintmark/sdk/funcs/usersGet.js'
import { usersList } from '@mintmark/sdk/funcs/usersList.js'
import { usersMergeMetadata } from '@mintmark/sdk/funcs/usersMergeMetadata.js'
import { usersReplaceMetadata } from '@mintmark/sdk/funcs/usersReplaceMetadata.js'
import { usersUpdate } from '@mintmark/sdk/funcs/usersUpdate.js'
import { expect } from 'vitest'
import type { SignedIn } from './signed-in.ts'

export const FUNCTIONS = {
  actorTokensCreate,
  actorTokensEnd,
  actorTokensGet,
  actorTokensList,
  actorTokensRevoke,
  jwksGet,
  m2mCreateToken,
  m2mListTokens,
  m2mRevokeAllTokens,
  m2mRevokeToken,
  m2mVerifyToken,
  machinesCreate,
  machinesCreateScope,
  machinesDelete,
  machinesDeleteScope,
  machinesGet,
  machinesGetSecretKey,
  machinesList,
  machinesRotateSecretKey,
  machinesUpdate,
  machineTokensCreate,
  sessionsCreate,
  sessionsCreateToken,
  sessionsGet,
  sessionsList,
  sessionsRefresh,
  sessionsRevoke,
  sessionsVerifyToken,
  signingKeysList,
  signingKeysRevoke,
  signingKeysRotate,
  signInTokensCreate,
  signInTokensRevoke,
  testingTokensCreate,
  testingTokensGet,
  testingTokensList,
  testingTokensRevoke,
  testingTokensVerify,
  usersCount,
  usersCreate,
  usersDelete,
  usersGet,
  usersList,
  usersMergeMetadata,
  usersReplaceMetadata,
  usersUpdate,
}

export interface World {
  readonly client: Mintmark
  readonly secretKey: string
  readonly machine: { readonly id: string; readonly secretKey: string }
  readonly other: { readonly id: string; readonly secretKey: string }
  /** An id. */
  readonly user: string
  /** Has the user sign in at a browser of its own. */
  signIn(): Promise<SignedIn>
}

// What a call is given differs from call to call, and the table says it beside what is sent for it.
// oxlint-disable-next-line typescript/no-explicit-any -- the functions' own types are tested where they are used
type Args = readonly any[]

export interface EveryCall {
  readonly name: keyof typeof FUNCTIONS
  /** Of the class, if it is called in the same way. */
  readonly method?: string
  readonly args: (world: World) => Promise<Args> | Args
  readonly sends: (
    world: World,
    args: Args,
  ) => { method: string; path: string; body?: unknown; key?: 'machine' | 'other' }
  readonly gives: (world: World, args: Args) => unknown
}

export const TEXT: unknown = expect.stringMatching(/./)
