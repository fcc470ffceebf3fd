import { fromEnvironment } from './environment.ts'
import type { ClientOptions } from './options.ts'

/** Finds the key that opens a call, when the call is made. */
export type KeySource = (client: ClientOptions) => Promise<string | undefined> | string | undefined

/** An instance's key: the client's or the environment's. */
export const instanceKey: KeySource = async ({ bearerAuth, secretKey }) =>
  (typeof bearerAuth === 'function' ? await bearerAuth() : bearerAuth) ||
  secretKey ||
  fromEnvironment('SECRET_KEY')
