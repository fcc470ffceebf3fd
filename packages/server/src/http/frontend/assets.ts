/**
 * clerk-js, at the path from which the SDKs of frameworks load it. It is served as its makers have built it; the
 * version in the path may be the exact one, its major, or a tag.
 */
import { gzipSync } from 'node:zlib'
import type { HttpRequest, HttpResponse } from '../exchange.ts'

export interface ClerkJs {
  readonly version: string
  /** Its files by name. */
  readonly files: ReadonlyMap<string, Uint8Array>
}

export interface Assets {
  /** `null` if the request is for something else. */
  find(request: HttpRequest): HttpResponse | null
}

const PATH = /^\/npm\/@clerk\/clerk-js@([\w.-]+)\/dist\/([\w.-]+)$/
const YEAR_SECONDS = 31_536_000
const HOUR_SECONDS = 3_600

export function createAssets({ version, files }: ClerkJs): Assets {
  const compressed = new Map<string, Uint8Array>()
  const [major] = version.split('.')

  function gzipped(name: string, bytes: Uint8Array): Uint8Array {
    let small = compressed.get(name)
    if (small === undefined) compressed.set(name, (small = gzipSync(bytes)))
    return small
  }

  return {
    find(request) {
      const [, asked, name] = PATH.exec(request.path) ?? []
      if (asked === undefined || (request.method !== 'GET' && request.method !== 'HEAD')) return null
      const bytes = files.get(name!)
      const isServed =
        asked === version || asked === major || asked === 'latest' || asked.startsWith(`${major}.`)
      if (bytes === undefined || !isServed) return null
      const isSmaller = /\bgzip\b/.test(request.header('accept-encoding') ?? '')
      return {
        status: 200,
        headers: {
          'Content-Type': 'text/javascript; charset=utf-8',
          'Cache-Control':
            asked === version
              ? `public, max-age=${YEAR_SECONDS}, immutable`
              : `public, max-age=${HOUR_SECONDS}`,
          'Access-Control-Allow-Origin': '*',
          'Cross-Origin-Resource-Policy': 'cross-origin',
          'X-Content-Type-Options': 'nosniff',
          Vary: 'Accept-Encoding',
          ...(isSmaller && { 'Content-Encoding': 'gzip' }),
        },
        body: isSmaller ? gzipped(name!, bytes) : bytes,
      }
    },
  }
}
