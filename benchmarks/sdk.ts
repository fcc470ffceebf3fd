/**
 * `node benchmarks/sdk.ts`: how many JWTs one process verifies in a second with the SDK, with `jose` and with
 * `@clerk/backend`, side by side. All are given the same session tokens and the same key in PEM. Rounds of
 * all contenders take turns, and each number is the median of its rounds. Prints a table and, last, the same
 * as one line of JSON.
 *
 *   --rounds N   how often each has its turn (default 9)
 *   --ms N       how long one turn takes (default 300)
 */
import { verifyToken } from '@clerk/backend'
import { importSPKI, jwtVerify } from 'jose'
import { generateKeyPairSync, sign } from 'node:crypto'
import { parseArgs } from 'node:util'
import { median } from './load.ts'
import { createVerifier } from '../packages/sdk/src/verify.ts'

const { values: flags } = parseArgs({
  options: { rounds: { type: 'string', default: '9' }, ms: { type: 'string', default: '300' } },
})
const ROUNDS = Number(flags.rounds)
const TURN_MS = Number(flags.ms)
/** Different tokens, so that nobody is fast by having seen the last one again. */
const TOKENS = 1_000
/** Verifications that are under way at the same time, in the rows that say so. */
const AT_ONCE = 32

const ISSUER = 'https://clerk.example.com'
const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
})
const tokens = Array.from({ length: TOKENS }, (_, index) => sessionToken(index))
const joseKey = await importSPKI(publicKey, 'RS256')
const cold = createVerifier({ issuer: ISSUER, jwtKey: publicKey, cacheSize: 0 })
const cached = createVerifier({ issuer: ISSUER, jwtKey: publicKey })
const revocable = createVerifier({
  issuer: ISSUER,
  jwtKey: publicKey,
  revocations: { isRevoked: () => false },
})

interface Contender {
  readonly name: string
  readonly atOnce: number
  /** Whether a token was good. */
  readonly isGood: (token: string) => Promise<boolean>
}

const sdk = (verifier: typeof cold) => async (token: string) => (await verifier.verify(token)).active
const jose = async (token: string) =>
  (await jwtVerify(token, joseKey, { algorithms: ['RS256'], issuer: ISSUER })).payload.iss === ISSUER
const clerk = async (token: string) => (await verifyToken(token, { jwtKey: publicKey })).iss === ISSUER

const contenders: readonly Contender[] = [
  { name: 'sdk, each token anew', atOnce: 1, isGood: sdk(cold) },
  { name: 'jose', atOnce: 1, isGood: jose },
  { name: '@clerk/backend', atOnce: 1, isGood: clerk },
  { name: `sdk, each token anew, ${AT_ONCE} at once`, atOnce: AT_ONCE, isGood: sdk(cold) },
  { name: `jose, ${AT_ONCE} at once`, atOnce: AT_ONCE, isGood: jose },
  { name: `@clerk/backend, ${AT_ONCE} at once`, atOnce: AT_ONCE, isGood: clerk },
  { name: 'sdk, tokens it knows', atOnce: 1, isGood: sdk(cached) },
  { name: 'sdk, tokens it knows, with revocations', atOnce: 1, isGood: sdk(revocable) },
]

const rates = contenders.map((): number[] => [])
// The first round warms up and is not counted.
for (let round = -1; round < ROUNDS; round++) {
  for (const [index, contender] of contenders.entries()) {
    const rate = await measure(contender)
    if (round >= 0) rates[index]!.push(rate)
  }
}

const [sdkCold, joseCold, clerkCold, sdkMany, joseMany, clerkMany, known, knownRevocable] = rates.map(median)
for (const [index, { name }] of contenders.entries()) {
  const rate = median(rates[index]!)
  console.log(`${name.padEnd(40)} ${Math.round(rate).toLocaleString('en').padStart(12)} /s`)
}
const ratio = (a: number | undefined, b: number | undefined) => Number((a! / b!).toFixed(2))
console.log(
  JSON.stringify({
    benchmark: 'sdk',
    node: process.version,
    perSecond: Object.fromEntries(
      contenders.map(({ name }, index) => [name, Math.round(median(rates[index]!))]),
    ),
    ratios: {
      coldToJose: ratio(sdkCold, joseCold),
      coldToClerk: ratio(sdkCold, clerkCold),
      coldToJoseAtOnce: ratio(sdkMany, joseMany),
      coldToClerkAtOnce: ratio(sdkMany, clerkMany),
      cachedToClerk: ratio(known, clerkCold),
      cachedWithRevocationsToClerk: ratio(knownRevocable, clerkCold),
    },
  }),
)

/** Verifications in a second, over one turn. */
async function measure({ atOnce, isGood }: Contender): Promise<number> {
  let done = 0
  let elapsed = 0
  while (elapsed < TURN_MS) {
    // Each request brings its own string, whose hash was never asked for.
    const batch = tokens.map((token) => Buffer.from(token).toString('latin1'))
    const started = performance.now()
    for (let at = 0; at < batch.length; at += atOnce) {
      const good = await (atOnce === 1 ? isGood(batch[at]!) : allGood(batch.slice(at, at + atOnce), isGood))
      if (!good) throw new Error('A good token was refused')
    }
    elapsed += performance.now() - started
    done += batch.length
  }
  return (done / elapsed) * 1000
}

async function allGood(batch: readonly string[], isGood: Contender['isGood']): Promise<boolean> {
  return (await Promise.all(batch.map(isGood))).every(Boolean)
}

function sessionToken(index: number): string {
  const now = Math.floor(Date.now() / 1000)
  const header = { alg: 'RS256', cat: 'cl_B7d4PD111AAA', kid: 'ins_2xKa9Bgv7NxMRDFyQw8LpZ3cTmU', typ: 'JWT' }
  const payload = {
    azp: 'https://example.com',
    exp: now + 3_600,
    fva: [0, -1],
    iat: now,
    iss: ISSUER,
    jti: `${index}`.padStart(20, '0'),
    nbf: now - 10,
    sid: 'sess_2xKa9Bgv7NxMRDFyQw8LpZ3cTmV',
    sub: 'user_2xKa9Bgv7NxMRDFyQw8LpZ3cTmW',
    v: 2,
  }
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${sign('sha256', Buffer.from(input), privateKey).toString('base64url')}`
}
