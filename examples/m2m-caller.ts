/**
 * A service that calls another. It asks for a token once and uses it until it is about to end.
 *
 *   npx node --env-file=.env examples/m2m-caller.ts http://127.0.0.1:4300
 */
import { Mintmark } from '@mintmark/sdk'

const mintmark = new Mintmark({
  serverURL: process.env['CLERK_API_URL'],
  machineSecretKey: process.env['CLERK_MACHINE_SECRET_KEY'],
})
const LIFETIME_S = 300
/** Time that a request may take, so that no token ends on its way. */
const SPARE_MS = 30_000

let current: { readonly token: string; readonly expiration: number | null } | undefined

async function bearer(tokenFormat: 'opaque' | 'jwt'): Promise<string> {
  if (current === undefined || Date.now() > (current.expiration ?? Infinity) - SPARE_MS) {
    current = await mintmark.m2m.createToken({
      tokenFormat,
      secondsUntilExpiration: LIFETIME_S,
      claims: { job: 'nightly' },
    })
  }
  return current.token
}

const [service = 'http://127.0.0.1:4300', format = 'opaque'] = process.argv.slice(2)
for (let call = 1; call <= 3; call++) {
  const authorization = `Bearer ${await bearer(format === 'jwt' ? 'jwt' : 'opaque')}`
  const response = await fetch(service, { headers: { authorization } }).catch(() => null)
  if (response === null) {
    console.error(`Nothing answers at ${service}: start m2m-service.ts first.`)
    process.exit(1)
  }
  console.log(response.status, await response.text())
}
