/** What a call that failed means for the person who typed the command. */
import {
  APIError,
  ConnectionError,
  InvalidRequestError,
  MintmarkError,
  SDKValidationError,
} from '@mintmark/sdk'
import { CliError } from '../cli-error.ts'
import { printable } from '../output.ts'
import type { Server } from './which-server.ts'

/** @returns the error as one sentence, with the authority's words where they are its own */
export function toCliError(error: unknown, server: Server, notFound?: string): unknown {
  if (!(error instanceof MintmarkError)) return error
  if (error.cause instanceof CliError) return error.cause
  return new CliError(printable(sentenceOf(error, server, notFound)), exitCodeOf(error), { cause: error })
}

const exitCodeOf = (error: MintmarkError): 1 | 2 =>
  error instanceof InvalidRequestError && error.code === 'invalid_request' ? 2 : 1

function sentenceOf(error: MintmarkError, { url, keysFrom }: Server, notFound: string | undefined): string {
  if (error instanceof APIError) return refusalOf(error, keysFrom, notFound)
  if (error instanceof ConnectionError)
    return `No server answers at ${url}: ${reasonOf(error.cause)}. Is it running, and is that its address?`
  if (error instanceof SDKValidationError)
    return `What answers at ${url} is not a Mintmark server: ${error.message}.`
  return `${error.message}.`
}

/** There is none, or only a machine's, or only one whose name begins otherwise than that of the address. */
export const missingKey = ({ prefix }: Server): CliError =>
  new CliError(
    `This needs the key of the instance: set ${prefix}_SECRET_KEY beside ${prefix}_API_URL, or name the data folder with --data.`,
  )

function refusalOf(error: APIError, keysFrom: string, notFound: string | undefined): string {
  const [first] = error.errors
  const trace = error.traceId === null ? '' : `, trace ${error.traceId}`
  if (first === undefined) return `${error.message} (${error.statusCode}${trace})`
  const { paramName } = (first.meta ?? {}) as { paramName?: unknown }
  const param = typeof paramName === 'string' ? `, ${paramName}` : ''
  const keys = error.statusCode === 401 ? ` The key came from ${keysFrom}.` : ''
  const isNothing = notFound !== undefined && first.code === 'resource_not_found'
  const inWords = isNothing ? notFound : first.longMessage
  const said = error.statusCode === 401 ? `${first.message} ${first.longMessage}` : inWords
  return `${inFlags(said).replace(/[^.?!]$/, '$&.')}${keys} (${first.code}${param}${trace})`
}

/** The authority names a field of the request, where the person at the terminal has a flag. */
const inFlags = (said: string): string => said.replace('activate_in_seconds 0', '--activate-in 0')

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'there is no host of that name',
  EAI_AGAIN: 'the name of the host cannot be looked up',
  ECONNRESET: 'the connection was cut',
  UND_ERR_SOCKET: 'the connection was cut',
}

/** What `fetch` says is in the cause of its error, and there in a code. */
function reasonOf(error: unknown): string {
  const { code } = ((error as Error | undefined)?.cause ?? {}) as { code?: unknown }
  return typeof code === 'string' ? (REASONS[code] ?? code) : 'the connection failed'
}
