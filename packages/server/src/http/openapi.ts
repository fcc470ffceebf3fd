/** OpenAPI 3.1, from the operations themselves. */
import { z } from 'zod'
import { ERRORS, type ErrorCode } from '../core/errors.ts'
import type { Operation, Route } from '../core/operation.ts'
import { VERSION } from '../version.ts'
import type { PublicRoute } from './public-routes.ts'

type Schema = Record<string, unknown>

export const openApiRoute = (routes: readonly Route[]): readonly [string, PublicRoute] => {
  let body: string | null = null
  return [
    '/openapi.json',
    {
      operation: 'openapi',
      serve: () => ({
        status: 200,
        headers: { 'Content-Type': 'application/json', 'Cache-Control': 'public, max-age=300' },
        body: (body ??= JSON.stringify(toOpenApi(routes.map(({ operation }) => operation)))),
      }),
    },
  ]
}

export function toOpenApi(operations: readonly Operation[]): Schema {
  const components: Record<string, Schema> = { Errors: ERROR_SCHEMA }
  const paths: Record<string, Record<string, Schema>> = {}
  for (const operation of operations) {
    const { path, unversioned, method } = operation
    for (const at of unversioned ? [path, path.slice('/v1'.length)] : [path]) {
      const described = describe(operation, components)
      // An operation id names one path; the alias is the same operation under another.
      if (at !== path) described.operationId = `${operation.id}.unversioned`
      ;(paths[at] ??= {})[method.toLowerCase()] = described
    }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Mintmark',
      version: VERSION,
      summary: "A self-hosted token authority that speaks Clerk's Backend API.",
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    paths,
    components: { schemas: components, securitySchemes: SECURITY },
  }
}

const SECURITY = {
  instanceKey: {
    type: 'http',
    scheme: 'bearer',
    description: 'The secret key of an instance: sk_test_… or sk_live_…',
  },
  machineKey: { type: 'http', scheme: 'bearer', description: 'The secret key of a machine: ak_…' },
}

/** Any operation may answer with these. */
const COMMON_ERRORS: readonly ErrorCode[] = [
  'authorization_header_format_invalid',
  'api_version_invalid',
  'too_many_requests',
  'service_unavailable',
  'internal_clerk_error',
]
const BODY_ERRORS: readonly ErrorCode[] = [
  'request_body_invalid',
  'request_body_too_large',
  'unsupported_content_type',
]

/** What `validate.ts` says in the dialect of forms. */
const FORM_ERRORS = Object.keys(ERRORS).filter((code): code is ErrorCode => code.startsWith('form_param_'))

/** Does an Idempotency-Key have an effect? */
const takesKey = ({ method, verdict }: Operation): boolean => method === 'POST' && !verdict

const KEY_PARAMETER: Schema = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'Sent again within a day with the same request: the same answer, and nothing happens twice.',
  schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[ -~]+$' },
}
const REPLAYED_HEADERS: Schema = {
  'Idempotent-Replayed': {
    description: 'The answer to a request that came before under the same Idempotency-Key.',
    schema: { type: 'string', enum: ['true'] },
  },
}

function errorsOf(operation: Operation): readonly ErrorCode[] {
  const validation: readonly ErrorCode[] = operation.dialect === 'form' ? FORM_ERRORS : ['bad_request']
  return [
    ...COMMON_ERRORS,
    operation.callers === 'instance' ? 'clerk_key_invalid' : 'machine_secret_key_invalid',
    ...(operation.body || operation.query ? validation : []),
    ...(operation.query ? (['malformed_request_parameters'] as const) : []),
    ...(operation.body ? BODY_ERRORS : []),
    // Looked at even where it has no effect.
    ...(operation.method === 'POST' ? (['bad_request'] as const) : []),
    ...(takesKey(operation) ? (['conflict'] as const) : []),
    ...operation.errors,
  ]
}

function describe(operation: Operation, components: Record<string, Schema>): Schema {
  const body = operation.body && toJsonSchema(operation.body, 'input', components)
  return {
    operationId: operation.id,
    tags: [operation.id.split('.')[0]],
    summary: operation.summary,
    ...(operation.description && { description: operation.description }),
    ...(operation.extension && { 'x-mintmark-extension': true }),
    security: operation.callers.split(' or ').map((caller) => ({ [`${caller}Key`]: [] })),
    parameters: [
      ...pathParameters(operation),
      ...queryParameters(operation, components),
      ...(takesKey(operation) ? [KEY_PARAMETER] : []),
    ],
    ...(body && {
      requestBody: {
        required: Array.isArray(body.required) && body.required.length > 0,
        content: { 'application/json': { schema: body } },
      },
    }),
    responses: {
      [operation.success]: {
        description: 'Done.',
        ...(takesKey(operation) && { headers: REPLAYED_HEADERS }),
        content: { 'application/json': { schema: toJsonSchema(operation.response, 'output', components) } },
      },
      ...errorResponses(operation),
    },
  }
}

const pathParameters = ({ params = {} }: Operation): Schema[] =>
  Object.entries(params).map(([name, shape]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string', pattern: shape.source },
  }))

/** What they mean, and not that they come as text: clients are made from this. */
function queryParameters({ query }: Operation, components: Record<string, Schema>): Schema[] {
  if (!query) return []
  const { properties = {} } = toJsonSchema(query, 'output', components) as {
    properties?: Record<string, Schema>
  }
  const { required = [] } = toJsonSchema(query, 'input', components) as { required?: string[] }
  return Object.entries(properties).map(([name, schema]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
}

function errorResponses(operation: Operation): Record<string, Schema> {
  const byStatus = Map.groupBy(new Set(errorsOf(operation)), (code) => ERRORS[code].status)
  return Object.fromEntries(
    [...byStatus].map(([status, codes]) => [
      status,
      {
        description: `\`${codes.join('`, `')}\``,
        content: { 'application/json': { schema: { $ref: '#/components/schemas/Errors' } } },
      },
    ]),
  )
}

/** A schema with a name goes among the components, once. */
function toJsonSchema(schema: z.ZodType, io: 'input' | 'output', components: Record<string, Schema>): Schema {
  const {
    $defs,
    $schema: _dialect,
    ...rest
  } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Schema & {
    $defs?: Record<string, Schema>
  }
  for (const [name, definition] of Object.entries($defs ?? {})) components[name] = tidy(definition)
  if (typeof rest.id !== 'string') return tidy(rest)
  components[rest.id] = tidy(rest)
  return { $ref: `#/components/schemas/${rest.id}` }
}

/** References point to the components, and bounds that only say "a safe integer" go. */
function tidy(value: unknown): never {
  if (Array.isArray(value)) return value.map(tidy) as never
  if (typeof value !== 'object' || value === null) return value as never
  const kept = Object.entries(value).filter(
    ([name, each]) =>
      !(name === 'id' && typeof each === 'string') && Math.abs(each as number) !== Number.MAX_SAFE_INTEGER,
  )
  return Object.fromEntries(
    kept.map(([name, each]) => [
      name,
      name === '$ref' ? (each as string).replace('#/$defs/', '#/components/schemas/') : tidy(each),
    ]),
  ) as never
}

const ERROR_SCHEMA = {
  type: 'object',
  required: ['errors', 'clerk_trace_id'],
  properties: {
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['message', 'long_message', 'code'],
        properties: {
          message: { type: 'string' },
          long_message: { type: 'string' },
          code: { type: 'string', enum: Object.keys(ERRORS) },
          meta: {
            type: 'object',
            properties: { param_name: { type: 'string' }, reason: { type: 'string' } },
          },
        },
      },
    },
    clerk_trace_id: { type: 'string' },
  },
}
