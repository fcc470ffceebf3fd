/** The authority's own description of its operations, as a client reads it. */
import type { TestAuthority } from '../support/authority.ts'
import type { Components, Schema } from './json-schema.ts'

interface Content {
  readonly description: string
  readonly headers?: Readonly<Record<string, unknown>>
  readonly content: { readonly 'application/json': { readonly schema: Schema } }
}

export interface DocumentedOperation {
  readonly operationId: string
  readonly summary: string
  readonly security: readonly Readonly<Record<string, readonly never[]>>[]
  readonly parameters: readonly {
    readonly name: string
    readonly in: 'path' | 'query' | 'header'
    readonly required: boolean
    readonly schema: Schema
  }[]
  readonly requestBody?: Omit<Content, 'description'> & { readonly required: boolean }
  readonly responses: Readonly<Record<string, Content>>
}

export interface OpenApiDocument {
  readonly openapi: string
  readonly info: Readonly<Record<string, unknown>>
  readonly paths: Readonly<Record<string, Readonly<Record<string, DocumentedOperation>>>>
  readonly components: {
    readonly schemas: Components
    readonly securitySchemes: Readonly<Record<string, unknown>>
  }
}

export const readDocument = async (t: TestAuthority): Promise<OpenApiDocument> =>
  (await t.request('GET', '/openapi.json')).body

export interface Endpoint {
  readonly method: string
  readonly path: string
  readonly operation: DocumentedOperation
}

export const endpointsIn = ({ paths }: OpenApiDocument): readonly Endpoint[] =>
  Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )

export const schemaOf = (content: Pick<Content, 'content'>): Schema =>
  content.content['application/json'].schema
