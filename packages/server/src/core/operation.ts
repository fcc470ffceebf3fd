/**
 * One description for each endpoint. Routing, the caller check, validation, the shape of the answer,
 * `openapi.json` and the reference pages all come from it, so none of them can disagree.
 */
import type { z } from 'zod'
import type { Call, InstanceCaller, MachineCaller } from './caller.ts'
import type { ErrorCode } from './errors.ts'

/** Whose key opens an operation. */
export type Callers = 'instance' | 'machine' | 'instance or machine'

interface CallerOf {
  instance: InstanceCaller
  machine: MachineCaller
  'instance or machine': InstanceCaller | MachineCaller
}

/**
 * How a malformed request is refused. `form`: 422 with a `form_param_…` code. `bad_request`: 400, always
 * that code, which is what clients of the M2M endpoints expect (wire reference, "Errors").
 */
export type Dialect = 'form' | 'bad_request'

/** @typeParam Query, Body what the schemas make of a request, @typeParam Answer what a handler has to return */
export interface Operation<By extends Callers = Callers, Query = unknown, Body = unknown, Answer = never> {
  /** Resource and verb, as in `m2mTokens.verify`: the name in logs, metrics and OpenAPI. */
  readonly id: string
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** With `{name}` for each path parameter. */
  readonly path: `/v1/${string}`
  /** Also served without `/v1`, as some clients build the M2M paths. */
  readonly unversioned?: true
  readonly summary: string
  readonly description?: string
  /** Not part of Clerk's Backend API: an addition of this authority. */
  readonly extension?: true
  readonly callers: By
  readonly dialect: Dialect
  /** The shape of each path parameter. What does not have it cannot exist, and is answered like that. */
  readonly params?: Readonly<Record<string, RegExp>>
  readonly query?: z.ZodType<Query>
  readonly body?: z.ZodType<Body>
  readonly success: 200 | 201
  /** What is not declared here never leaves. */
  readonly response: z.ZodType<unknown, Answer>
  /** Beyond those every operation may answer with. */
  readonly errors: readonly ErrorCode[]
  /** Its outcome is a verdict on a token: counted and logged as one. */
  readonly verdict?: true
  /** Not counted against a key's rate limit: a client that cannot have it cannot verify anything. */
  readonly unlimited?: true
}

export interface Input<Query, Body> {
  readonly params: Readonly<Record<string, string>>
  readonly query: Query
  readonly body: Body
}

/** An answer that was put through its operation's schema and written out before. */
export class EncodedAnswer {
  readonly json: string

  constructor(json: string) {
    this.json = json
  }
}

/** An operation bound to the use case that serves it. */
export interface Route {
  readonly operation: Operation
  handle(input: Input<unknown, unknown>, call: Call): Promise<unknown>
}

/** Describes an endpoint. It only fixes the types; what it returns is what it was given. */
export const operation = <By extends Callers, Query, Body, Answer>(
  description: Operation<By, Query, Body, Answer>,
): Operation<By, Query, Body, Answer> => description

/** Binds an operation. The handler gets what the schemas made of the request, and must return the answer's shape. */
export const route = <By extends Callers, Query, Body, Answer>(
  described: Operation<By, Query, Body, Answer>,
  handle: (input: Input<Query, Body>, call: Call<CallerOf[By]>) => Promise<Answer | EncodedAnswer>,
): Route => ({ operation: described as unknown as Operation, handle })
