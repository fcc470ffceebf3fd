/** The part of JSON Schema that `openapi.json` uses; anything else in a schema is an error, so that nothing is passed over. */
export interface Schema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly anyOf?: readonly Schema[]
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: Schema
  readonly maxItems?: number
  readonly pattern?: string
  readonly minLength?: number
  readonly maxLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly exclusiveMinimum?: number
  readonly not?: Schema
}

export type Components = Readonly<Record<string, Schema>>

const KNOWN = new Set(
  `$ref type anyOf const enum properties required additionalProperties items maxItems pattern minLength
  maxLength minimum maximum exclusiveMinimum not default description format title`.split(/\s+/),
)

export function resolve(schema: Schema, components: Components): Schema {
  for (const keyword of Object.keys(schema)) {
    if (!KNOWN.has(keyword)) throw new Error(`JSON Schema's ${keyword} is not known here`)
  }
  if (schema.$ref === undefined) return schema
  const found = components[schema.$ref.replace('#/components/schemas/', '')]
  if (found === undefined) throw new Error(`There is no ${schema.$ref}`)
  return resolve(found, components)
}

/** Where a value is not what a schema says; nothing if it is. */
export function faultsIn(given: Schema, value: unknown, components: Components, at = '$'): string[] {
  const schema = resolve(given, components)
  if (schema.anyOf && !schema.anyOf.some((one) => faultsIn(one, value, components, at).length === 0))
    return [`${at} is none of the alternatives`]
  if (schema.not && faultsIn(schema.not, value, components, at).length === 0) return [`${at} is forbidden`]
  const types = schema.type === undefined ? [] : [schema.type].flat()
  if (types.length > 0 && !types.some((type) => isOfType(type, value))) return [`${at} is not ${types}`]
  if ('const' in schema && schema.const !== value) return [`${at} is not the constant`]
  if (schema.enum && !schema.enum.includes(value)) return [`${at} is none of the values`]
  if (typeof value === 'string') return textFaults(schema, value, at)
  if (typeof value === 'number') return numberFaults(schema, value, at)
  if (Array.isArray(value)) {
    if (value.length > (schema.maxItems ?? Infinity)) return [`${at} has too many items`]
    return value.flatMap((item, index) => faultsIn(schema.items ?? {}, item, components, `${at}[${index}]`))
  }
  return typeof value === 'object' && value !== null ? objectFaults(schema, value, components, at) : []
}

function isOfType(type: string, value: unknown): boolean {
  if (type === 'null') return value === null
  if (type === 'array') return Array.isArray(value)
  if (type === 'integer') return Number.isSafeInteger(value)
  if (type === 'object') return typeof value === 'object' && value !== null && !Array.isArray(value)
  return typeof value === type
}

function textFaults({ pattern, minLength = 0, maxLength = Infinity }: Schema, text: string, at: string) {
  const faults = []
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(text)) faults.push(`${at} does not match`)
  if (text.length < minLength || text.length > maxLength) faults.push(`${at} has a wrong length`)
  return faults
}

function numberFaults({ minimum, maximum, exclusiveMinimum }: Schema, value: number, at: string): string[] {
  const fits =
    value >= (minimum ?? -Infinity) &&
    value <= (maximum ?? Infinity) &&
    value > (exclusiveMinimum ?? -Infinity)
  return fits ? [] : [`${at} is out of range`]
}

function objectFaults(schema: Schema, value: object, components: Components, at: string): string[] {
  const { properties = {}, required = [], additionalProperties = true } = schema
  const missing = required
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => `${at}.${name} is missing`)
  const wrong = Object.entries(value).flatMap(([name, each]) => {
    if (Object.hasOwn(properties, name)) return faultsIn(properties[name]!, each, components, `${at}.${name}`)
    if (additionalProperties === false) return [`${at}.${name} is not declared`]
    return additionalProperties === true
      ? []
      : faultsIn(additionalProperties, each, components, `${at}.${name}`)
  })
  return [...missing, ...wrong]
}
