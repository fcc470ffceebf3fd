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

const HEAD = `/**
 * What the authority's operations take and give. Made from its OpenAPI document by \`npm run docs\`: a change
 * belongs there. Instants are Unix time in milliseconds where nothing else is said.
 */
`

/** Has classes of its own in the SDK. */
const OF_ERRORS = 'Errors'

export function sdkModels({ paths, components }: Document): string {
  const resources = Object.entries(components.schemas)
    .filter(([name]) => name !== OF_ERRORS)
    .map(([name, schema]) => declare(name, schema, `${kindOf(schema)} as the authority gives it.`))
  const operations = Object.entries(paths)
    .filter(([path]) => path.startsWith('/v1/'))
    .flatMap(([, methods]) => Object.values(methods))
  return [HEAD, ...resources, ...operations.flatMap(declareOperation)].join('\n')
}

function declareOperation({ operationId, requestBody, responses, ...rest }: Operation): string[] {
  // Headers are not told to an operation but to the request that asks for it.
  const parameters = (rest.parameters ?? []).filter((each) => each.in !== 'header')
  const name = pascal(operationId)
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
  const required = [
    ...parameters.filter((each) => each.required).map((each) => each.name),
    ...(body?.required ?? []),
  ]
  const answer = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1]
  const schema = answer?.content?.['application/json']?.schema ?? {}
  return [
    ...(Object.keys(properties).length > 0
      ? [
          declare(
            `${name}Request`,
            { type: 'object', properties, required },
            `What \`${operationId}\` takes.`,
          ),
        ]
      : []),
    ...(schema.$ref === undefined
      ? [declare(`${name}Response`, schema, `What \`${operationId}\` gives.`)]
      : []),
  ]
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
  if (schema.anyOf !== undefined) return schema.anyOf.map(typeOf).join(' | ')
  const { type } = schema
  if (type === undefined) return 'unknown'
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
