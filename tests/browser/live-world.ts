/**
 * A live instance as operators have it: `mintmark serve` behind TLS on a host of its own, and an application on a host
 * beside it. The names are of this machine for the browser of these tests, and for nobody else.
 */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { devCertificate } from '../../packages/server/src/server/frontend/certificate.ts'
import { startServe } from '../cli/serve-process.ts'
import { findFreePort } from '../support/free-port.ts'
import { removeFolder, runCli, temporaryFolder } from '../support/server-process.ts'
import { startApplication } from './application.ts'
import { untilFrontend } from './frontend-request.ts'
import { apiOf, launch, pagesOf, updateInstance, type World } from './world.ts'

const SITE = 'orchard.test'

export async function startLiveWorld(): Promise<World> {
  const data = temporaryFolder()
  const environment = { MINTMARK_MASTER_KEY: randomBytes(32).toString('hex') }
  const { certificate: cert, key } = await devCertificate(data, Date.now())
  const port = String(await findFreePort())
  const frontendUrl = `https://clerk.${SITE}:${port}`
  const tls = [
    '--frontend-certificate',
    join(data, 'frontend.crt'),
    '--frontend-key',
    join(data, 'frontend.key'),
  ]
  const flags = ['--frontend-port', port, '--sign-in-limit', '0', ...tls]
  const server = await startServe({ data, environment, flags })
  const asked = ['--name', 'Orchard', '--environment', 'live', '--frontend-origin', frontendUrl]
  const made = await runCli(['instances', 'create', '--json', '--data', data, ...asked], environment)
  if (made.code !== 0) throw new Error(made.stderr)
  const { secretKey, publishableKey } = JSON.parse(made.stdout) as Record<string, string>
  const application = await startApplication({
    apiUrl: server.url,
    secretKey: secretKey!,
    publishableKey: publishableKey!,
    frontendUrl,
    host: `app.${SITE}`,
    tls: { cert, key },
  })
  const { origin } = application
  await updateInstance(data, ['--allowed-origin', origin, '--home-url', origin], environment)
  await untilFrontend(frontendUrl, origin)
  const browser = await launch([`--host-resolver-rules=MAP *.${SITE} 127.0.0.1`])
  return {
    server,
    frontendUrl,
    api: apiOf(server.url, secretKey!),
    application,
    browser,
    ...pagesOf(browser),
    async close() {
      await browser.close()
      await application.close()
      await server.stop()
      removeFolder(data)
    },
  }
}
