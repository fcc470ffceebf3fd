/** What a client and a single call can be told. */

/** Whether, and how, a call that failed is made again. */
export type RetryConfig =
  | { readonly strategy: 'none' }
  | {
      readonly strategy: 'backoff'
      /** Milliseconds. Each wait is random between nothing and `initialInterval * exponent ** attempt`, at most `maxInterval`. */
      readonly backoff?: {
        readonly initialInterval?: number
        readonly maxInterval?: number
        readonly exponent?: number
        /** No attempt begins later than this after the first. */
        readonly maxElapsedTime?: number
      }
      /** Also where no answer came. Default true. */
      readonly retryConnectionErrors?: boolean
    }

/** Gets what the client does. Never a key, a token or a body. */
export interface Logger {
  debug(message: string, details: Readonly<Record<string, string | number>>): void
}

/** What a client is told. What it is not told is looked for in the environment, or has a default. */
export interface ClientOptions {
  /** An instance's secret key (`sk_…`), or a function that is asked for it for each call. */
  readonly bearerAuth?: string | (() => Promise<string> | string) | undefined
  /** As `bearerAuth`. */
  readonly secretKey?: string | undefined
  /** A machine's secret key (`ak_…`), for the M2M calls. */
  readonly machineSecretKey?: string | undefined
  /** Where the authority is, with or without `/v1`. */
  readonly serverURL?: string | undefined
  /** As `serverURL`. */
  readonly apiUrl?: string | undefined
  readonly retryConfig?: RetryConfig | undefined
  /** For a whole call, all attempts and all of the answer. Default 30000. */
  readonly timeoutMs?: number | undefined
  readonly fetch?: typeof globalThis.fetch | undefined
  readonly logger?: Logger | undefined
}

/** Everything of `RequestInit` but what a call itself decides. */
export type FetchOptions = Omit<RequestInit, 'method' | 'body'>

/** What a single call is told; it wins over what its client was. */
export interface RequestOptions {
  readonly fetchOptions?: FetchOptions
  readonly retries?: RetryConfig
  /** Statuses that are tried again, such as `429` or `5XX`. Default 408, 429 and 5XX. */
  readonly retryCodes?: readonly string[]
  readonly timeoutMs?: number
  readonly serverURL?: string
  readonly signal?: AbortSignal
  /** Two calls with the same key have one effect (24 hours). Default: a new one for each call. */
  readonly idempotencyKey?: string
}
