import type { MintmarkCore } from './core.ts'
import type { CallError } from './core/errors.ts'
import type { Result } from './core/result.ts'

type Call = (client: MintmarkCore, ...args: never[]) => Promise<Result<unknown, CallError>>

/** A function of this package as a method: it returns the value, or throws the error. */
export type Method<Of extends Call> = Of extends (
  client: MintmarkCore,
  ...args: infer Args
) => Promise<Result<infer Value, CallError>>
  ? (...args: Args) => Promise<Value>
  : never

/** Binds functions to a client. */
export const unwrapAll = <Calls extends Readonly<Record<string, Call>>>(
  client: MintmarkCore,
  calls: Calls,
): { readonly [Name in keyof Calls]: Method<Calls[Name]> } =>
  Object.fromEntries(
    Object.entries(calls).map(([name, call]) => [
      name,
      async (...args: never[]) => {
        const result = await call(client, ...args)
        if (!result.ok) throw result.error
        return result.value
      },
    ]),
  ) as never
