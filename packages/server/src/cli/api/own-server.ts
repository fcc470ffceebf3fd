/**
 * Whether what listens at the address in a data folder is the server of that folder. The lock says only
 * that the server runs: it may be in a container, with a port that another program has out here, or have
 * moved between two looks.
 */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Authority } from '../../authority.ts'
import type { Instance } from '../../directory/instances/instance.ts'
import { get } from '../../node-http.ts'
import { CliError } from '../cli-error.ts'

const ATTEMPTS = 10
const BETWEEN_MS = 250
const TIMEOUT_MS = 5_000
/** Characters; far more than any key set has. */
const LONGEST_ANSWER = 1_000_000

/**
 * Asks for the public keys and compares them with those of the folder, before any secret is sent. That
 * finds every accident. It does not stop a hostile program on this machine which takes the port while the
 * server is away and shows a copy of the key set: the keys are public, and showing them proves nothing.
 *
 * @throws {CliError} if it is another program, or none
 */
export async function requireOwnServer(
  localUrl: string,
  { deps }: Authority,
  instance: Instance,
): Promise<void> {
  // Also those that are over: what the server publishes is up to a second old.
  const keys = await deps.read.signingKeys.historyOf(instance.id)
  const own = new Set(keys.filter(({ use }) => use === 'token').map(({ publicKey }) => publicKey.n))
  // By this name the server tells its instances apart.
  const { host } = new URL(deps.frontendOriginOf(instance))
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const moduli = await publishedAt(localUrl, host)
    if (moduli.some((each) => own.has(each))) return
    // An instance that was made just now is published within a second; until then the first one's keys may be.
    await sleep(BETWEEN_MS)
  }
  throw new CliError(
    `What answers at ${localUrl} is not the server of this data folder, so no key was sent. If the server is in a container or on another machine, name its address with --url.`,
  )
}

/** The moduli of the RSA keys, in base64url. Not with `fetch`, which would send the host of the address. */
async function publishedAt(url: string, host: string): Promise<readonly string[]> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS)
    const request = get(`${url}/.well-known/jwks.json`, { headers: { host }, signal, agent: false })
    const [response] = (await once(request, 'response')) as [IncomingMessage]
    let body = ''
    for await (const text of response.setEncoding('utf8')) {
      body += text
      if (body.length > LONGEST_ANSWER) break
    }
    return moduliOf(body)
  } catch (cause) {
    throw new CliError(`No server answers at ${url}, where that of this data folder should be.`, 1, { cause })
  }
}

function moduliOf(body: string): readonly string[] {
  try {
    const { keys } = JSON.parse(body) as { keys: readonly { readonly n: string }[] }
    return keys.map(({ n }) => n)
  } catch {
    return []
  }
}
