/** Writes the SDK's types from the OpenAPI document: names in camelCase, with what the document says of them. */

interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly description?: string
}

interface Parameter {
  readonly name: string
  readonly in: 'path' | 'query' | 'header'
  readonly required?: boolean
  readonly description?: string
  readonly schema: Schema
}

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly parameters?: readonly Parameter[]
  readonly requestBody?: Body
  readonly responses: Readonly<Record<string, Body>>
}

interface Body {
  readonly content?: { readonly 'application/json'?: { readonly schema: Schema } }
}

export interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

const head = (what: string): string => `/**
 * ${what} Made from the authority's OpenAPI document by \`npm run docs\`: a change belongs there. Instants are
 * Unix time in milliseconds where nothing else is said.
 */
`

/** Has classes of its own in the SDK. */
const OF_ERRORS = 'Errors'

/** @returns the text of each file, by its path from the root of the project */
export function sdkModels({ paths, components }: Document): Readonly<Record<string, string>> {
  const operations = Object.entries(paths)
    .filter(([path]) => path.startsWith('/v1/'))
    .flatMap(([, methods]) => Object.values(methods))
  const resources = Object.entries(components.schemas)
    .filter(([name]) => name !== OF_ERRORS)
    .map(([name, schema]) => declare(name, schema, `${kindOf(schema)} as the authority gives it.`))
  // One that is a resource has that resource's name.
  const answers = operations
    .map((each) => [each.operationId, answerOf(each)] as const)
    .filter(([, schema]) => schema.$ref === undefined)
  const models = [
    head('What the operations of the authority take and give.'),
    `import type { ${resourcesIn(answers).join(', ')} } from './resources.ts'\n`,
    "export type * from './requests.ts'\nexport type * from './resources.ts'\n",
    ...answers.map(([id, schema]) => declare(`${pascal(id)}Response`, schema, `What \`${id}\` gives.`)),
  ]
  return {
    'packages/sdk/src/models.ts': models.join('\n'),
    'packages/sdk/src/requests.ts': [
      head('What the operations of the authority take.'),
      ...operations.flatMap(declareRequest),
    ].join('\n'),
    'packages/sdk/src/resources.ts': [head('What the authority keeps or makes.'), ...resources].join('\n'),
  }
}

/** Names of the resources that schemas refer to, once each. */
function resourcesIn(schemas: unknown): readonly string[] {
  const references = JSON.stringify(schemas).matchAll(/"#\/components\/schemas\/(?<name>\w+)"/g)
  return [...new Set(Array.from(references, ({ groups }) => groups!.name!))]
}

function answerOf({ responses }: Operation): Schema {
  const answer = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1]
  return answer?.content?.['application/json']?.schema ?? {}
}

/** Nothing for an operation that takes nothing. */
function declareRequest({ operationId, requestBody, ...rest }: Operation): readonly string[] {
  // Headers are not told to an operation but to the request that asks for it.
  const parameters = (rest.parameters ?? []).filter((each) => each.in !== 'header')
  const body = requestBody?.content?.['application/json']?.schema
  const properties = {
    ...Object.fromEntries(
      parameters.map(({ name: of, schema, description }) => [
        of,
        { ...schema, ...(description !== undefined && { description }) },
      ]),
    ),
    ...body?.properties,
  }
  if (Object.keys(properties).length === 0) return []
  const required = [
    ...parameters.filter((each) => each.required).map((each) => each.name),
    ...(body?.required ?? []),
  ]
  const schema = { type: 'object', properties, required }
  return [declare(`${pascal(operationId)}Request`, schema, `What \`${operationId}\` takes.`)]
}

function declare(name: string, schema: Schema, comment: string): string {
  const text =
    schema.properties === undefined
      ? `type ${name} = ${typeOf(schema)}`
      : `interface ${name} ${objectOf(schema)}`
  return `/** ${comment} */\nexport ${text}\n`
}

/** By the name that the wire has for it. */
function kindOf({ properties }: Schema): string {
  const name = properties?.object?.const
  return typeof name === 'string' ? `The resource \`${name}\`` : 'The resource'
}

function objectOf({ properties = {}, required = [] }: Schema): string {
  const fields = Object.entries(properties).map(([name, schema]) => {
    const comment = schema.description === undefined ? '' : `  /** ${schema.description} */\n`
    return `${comment}  readonly ${camel(name)}${required.includes(name) ? '' : '?'}: ${typeOf(schema)}`
  })
  return `{\n${fields.join('\n')}\n}`
}

function typeOf(schema: Schema): string {
  if (schema.$ref !== undefined) return schema.$ref.split('/').at(-1)!
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ')
  const { type, anyOf } = schema
  // One that says its types itself says more than its alternatives do.
  if (type === undefined) return anyOf?.map(typeOf).join(' | ') ?? 'unknown'
  if (typeof type !== 'string') return type.map((each) => typeOf({ ...schema, type: each })).join(' | ')
  switch (type) {
    case 'integer':
      return 'number'
    case 'array':
      return `readonly (${typeOf(schema.items ?? {})})[]`
    case 'object':
      return schema.properties !== undefined && schema.additionalProperties !== true
        ? objectOf(schema)
        : openObject(schema)
    default:
      return type
  }
}

/** An object that may hold more than is said of it. */
function openObject({ properties = {}, required = [] }: Schema): string {
  const known = Object.entries(properties).map(
    ([name, schema]) => `readonly ${name}${required.includes(name) ? '' : '?'}: ${typeOf(schema)}; `,
  )
  return `{ ${known.join('')}readonly [name: string]: unknown }`
}

const literal = (value: unknown): string => (typeof value === 'string' ? `'${value}'` : String(value))

const camel = (name: string): string =>
  name.replaceAll(/_([a-z])/g, (_, letter: string) => letter.toUpperCase())

/** `m2mTokens.create` is `M2mTokensCreate`. */
const pascal = (id: string): string =>
  id
    .split('.')
    .map((part) => part[0]!.toUpperCase() + part.slice(1))
    .join('')
