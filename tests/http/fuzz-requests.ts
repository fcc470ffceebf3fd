/** Requests for the fuzzer: most nearly right, some wrong in one place, some junk from end to end. */
import fc from 'fast-check'
import type { Components, Schema } from './json-schema.ts'
import { schemaOf, type DocumentedOperation, type Endpoint } from './openapi-document.ts'
import { ANY_JSON, arbitraryOf, known, NASTY_TEXT, type KnownKind } from './schema-arbitrary.ts'

/** Ids in path, query and body may still stand for things that are there (`fillIn`). */
export interface FuzzRequest {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly bearer: 'instance' | 'machine' | 'none' | { readonly junk: string }
  readonly headers: Readonly<Record<string, string>>
  /** As text, or junk that is no text. */
  readonly body: string | Uint8Array
}

const encoded = (text: string): string => encodeURIComponent(text.toWellFormed())
/** What stands for an id is no text of the request yet, and must not be encoded. */
const inUrl = (text: string): string => (text.startsWith('⟦') ? text : encoded(text))

/** What belongs together, such as a pair of machines, is seldom found by finding each. */
const TOGETHER: readonly (readonly [part: string, kind: KnownKind])[] = [
  ['{machine_id}/scopes/{other_machine_id}', 'scope'],
  ['{session_id}/refresh', 'renewable'],
]

function pathOf({ path, operation }: Endpoint, components: Components): fc.Arbitrary<string> {
  const parameters = operation.parameters.filter((each) => each.in === 'path')
  const values = fc.tuple(
    ...parameters.map(({ name, schema }) =>
      fc.oneof(
        { weight: 6, arbitrary: arbitraryOf(schema, components, name).map(String) },
        { weight: 1, arbitrary: NASTY_TEXT },
      ),
    ),
  )
  const filled = values.map((texts) =>
    parameters.reduce((text, { name }, index) => text.replace(`{${name}}`, inUrl(texts[index]!)), path),
  )
  const together = TOGETHER.filter(([part]) => path.includes(part)).map(([part, kind]) => ({
    weight: 20,
    arbitrary: known(kind).map((found) => path.replace(part, found)),
  }))
  return fc.oneof(
    ...together,
    { weight: 20, arbitrary: filled },
    { weight: 1, arbitrary: filled.map((text) => `${text}/`) },
    { weight: 1, arbitrary: NASTY_TEXT.map((text) => `/v1/${text}`) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary' }) },
  )
}

function queryOf({ parameters }: DocumentedOperation, components: Components): fc.Arbitrary<string> {
  const inQuery = parameters.filter((each) => each.in === 'query')
  const pair = (name: string, schema: Schema) =>
    fc
      .oneof(
        { weight: 5, arbitrary: arbitraryOf(schema, components, name) },
        { weight: 1, arbitrary: NASTY_TEXT },
        { weight: 1, arbitrary: fc.nat(600) },
      )
      .map((value) =>
        [value]
          .flat()
          .map((each) => `${name}=${inUrl(String(each))}`)
          .join('&'),
      )
  const junk = fc.tuple(NASTY_TEXT, NASTY_TEXT).map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
  const right = fc
    .tuple(
      ...inQuery.map(({ name, schema, required }) =>
        fc.option(pair(name, schema), { freq: required ? 20 : 1 }),
      ),
    )
    .map((pairs) => pairs.filter((each) => each !== null))
  return fc
    .oneof(
      { weight: 8, arbitrary: right },
      { weight: 1, arbitrary: fc.tuple(right, junk).map(([pairs, extra]) => [...pairs, extra]) },
      { weight: 1, arbitrary: fc.tuple(fc.string({ unit: 'binary' })) },
    )
    .map((pairs) => pairs.join('&'))
}

function bodyOf(
  { requestBody }: DocumentedOperation,
  components: Components,
): fc.Arbitrary<string | Uint8Array> {
  const junk = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.json({ maxDepth: 4 }),
    NASTY_TEXT,
    fc.constantFrom(
      '',
      '{',
      '[]',
      'null',
      '{"a":1,"a":2}',
      '{"__proto__":{"polluted":1}}',
      '['.repeat(10_000),
    ),
  )
  if (requestBody === undefined)
    return fc.oneof({ weight: 9, arbitrary: fc.constant('') }, { weight: 1, arbitrary: junk })
  const right = arbitraryOf(schemaOf(requestBody), components) as fc.Arbitrary<Record<string, unknown>>
  const names = Object.keys(schemaOf(requestBody).properties ?? {})
  const wrongName = fc.oneof(
    fc.constantFrom('__proto__', 'id', 'a', ...names),
    NASTY_TEXT.map((text) => text.toWellFormed()),
  )
  const wrong = fc
    .tuple(right, wrongName, ANY_JSON)
    .map(([body, name, value]) => ({ ...body, [name]: value }))
  const cut = fc.tuple(right, fc.nat(100)).map(([body, at]) => JSON.stringify(body).slice(0, at))
  return fc.oneof(
    { weight: 8, arbitrary: right.map((body) => JSON.stringify(body)) },
    { weight: 6, arbitrary: wrong.map((body) => JSON.stringify(body)) },
    { weight: 1, arbitrary: cut },
    { weight: 2, arbitrary: junk },
  )
}

/** As a header may be: Latin-1 without control characters, not surrounded by space. */
const headerText = NASTY_TEXT.map((text) => text.replaceAll(/[^\x21-\x7e\x80-\xff]/g, '').slice(0, 2_000))

const HEADERS: fc.Arbitrary<Record<string, string>> = fc.record(
  {
    'content-type': fc.oneof(
      { weight: 20, arbitrary: fc.constant('application/json') },
      { weight: 1, arbitrary: headerText },
    ),
    'clerk-api-version': fc.oneof(
      { weight: 6, arbitrary: fc.constant('2025-11-10') },
      { weight: 1, arbitrary: headerText },
    ),
    'content-encoding': fc.oneof(
      { weight: 9, arbitrary: fc.constant('identity') },
      { weight: 1, arbitrary: headerText },
    ),
    'mintmark-explain': fc.constantFrom('1', '0', 'true'),
    'if-none-match': headerText,
    host: headerText,
  },
  { requiredKeys: ['content-type'] },
)

const BEARER: fc.Arbitrary<FuzzRequest['bearer']> = fc.oneof(
  { weight: 12, arbitrary: fc.constant('instance' as const) },
  { weight: 12, arbitrary: fc.constant('machine' as const) },
  { weight: 1, arbitrary: fc.constant('none' as const) },
  { weight: 1, arbitrary: headerText.map((junk) => ({ junk })) },
)

/** Keys that the operation is open to, most of the time: else little would ever get past the first check. */
function bearerFor({ security }: DocumentedOperation): fc.Arbitrary<FuzzRequest['bearer']> {
  const names = security.flatMap((each) => Object.keys(each))
  const right = names.map((name) => (name === 'machineKey' ? 'machine' : 'instance'))
  return fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...right) }, { weight: 1, arbitrary: BEARER })
}

export function requestTo(endpoint: Endpoint, components: Components): fc.Arbitrary<FuzzRequest> {
  const { method, operation } = endpoint
  return fc.record({
    method: fc.oneof(
      { weight: 40, arbitrary: fc.constant(method) },
      {
        weight: 1,
        arbitrary: fc.constantFrom('GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', '__proto__'),
      },
    ),
    path: pathOf(endpoint, components),
    query: queryOf(operation, components),
    bearer: bearerFor(operation),
    headers: HEADERS,
    body: bodyOf(operation, components),
  })
}
