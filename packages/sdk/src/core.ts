import type { Expected } from './core/answer.ts'
import type { CallError } from './core/errors.ts'
import type { ClientOptions, RequestOptions } from './core/options.ts'
import type { Call } from './core/request.ts'
import type { Result } from './core/result.ts'
import { send } from './core/send.ts'

/**
 * What the standalone functions of `@mintmark/sdk/funcs/…` are given: an address and keys. Make one and
 * use it throughout a program.
 */
export class MintmarkCore {
  // Private, so that a client that is logged shows no key.
  readonly #options: ClientOptions

  constructor(options: ClientOptions = {}) {
    this.#options = options
  }

  /** For the functions of this package. @internal */
  send<Value>(describe: () => Call & Expected, options?: RequestOptions): Promise<Result<Value, CallError>> {
    return send<Value>(this.#options, describe, options)
  }
}

export { MintmarkCore as ClerkCore }
export type { ClientOptions, RequestOptions, RetryConfig } from './core/options.ts'
export type { Result } from './core/result.ts'
