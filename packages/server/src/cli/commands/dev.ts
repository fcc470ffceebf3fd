import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Command } from 'commander'
import type { Authority } from '../../authority.ts'
import { changeBrowsing } from '../../directory/instances/change.ts'
import { createInstance } from '../../directory/instances/create.ts'
import type { Instance } from '../../directory/instances/instance.ts'
import { createMachine } from '../../directory/machines/create.ts'
import { toHex } from '../../core/ids.ts'
import { ConfigError } from '../../server/config.ts'
import {
  ensureMasterKeyFile,
  makeDataFolder,
  newMasterKey,
  readMasterKeys,
} from '../../server/data-folder.ts'
import type { RunningServer } from '../../server/serve.ts'
import { clientEnvironment, DEV_MACHINES } from '../client-environment.ts'
import { createLog } from '../log.ts'
import { addConfigFile, addJson, addSettings, configOf, DEV_DEFAULTS } from '../options.ts'
import { printJson, printLines } from '../output.ts'
import { runServer } from '../run-server.ts'
import { eachOrigin } from '../values.ts'

const FLAGS = [
  'port',
  'host',
  'data',
  'publicUrl',
  'metricsPort',
  'logLevel',
  'acceptUnknownUsers',
  'rateLimit',
  'frontendPort',
  'frontendHost',
  'frontendUrl',
  'frontendCertificate',
  'frontendKey',
  'signInLimit',
] as const

export function devCommand(): Command {
  const command = new Command('dev').description(
    'Run a server for development: it makes its own keys, an instance and two machines.',
  )
  addSettings(command, FLAGS, DEV_DEFAULTS)
    .option(
      '--allowed-origin <URL>',
      'Origin of an application whose pages may use the instance, in place of those until now. May be given again.',
      eachOrigin,
    )
    .option('--in-memory', 'Keep nothing: use a folder in memory that goes away at the end. Not with --data.')
  return addConfigFile(addJson(command)).action((flags: DevFlags) =>
    flags.inMemory ? runInMemory(flags) : run(flags),
  )
}

const IN_MEMORY = 'in memory'

interface DevFlags extends Readonly<Record<string, unknown>> {
  readonly allowedOrigin?: readonly string[]
  readonly inMemory?: boolean
  readonly json?: boolean
}

async function runInMemory(flags: DevFlags): Promise<void> {
  if (flags.data !== undefined)
    throw new ConfigError('--in-memory keeps nothing, so it cannot be used with --data.')
  // Linux keeps this folder in memory; where it is not, the folder is at least gone afterwards.
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  const data = mkdtempSync(join(parent, 'mintmark-'))
  const remove = () => rmSync(data, { recursive: true, force: true })
  process.once('exit', remove)
  await run({ ...flags, data })
}

async function run(flags: DevFlags): Promise<void> {
  const config = configOf(flags, DEV_DEFAULTS)
  const log = createLog(config.logLevel, 'text')
  makeDataFolder(config.data)
  const keyless = config.masterKey === null && config.masterKeyFile === null
  if (keyless && !flags.inMemory) ensureMasterKeyFile(config.data)
  const masterKeys = readMasterKeys(
    flags.inMemory && keyless ? { ...config, masterKey: newMasterKey() } : config,
  )

  await runServer(config, {
    log,
    masterKeys,
    onHangUp: 'stop',
    forDevelopment: true,
    prepare: (authority) => prepareInstance(authority, flags.allowedOrigin),
    async onReady(server) {
      const { authority } = server
      const [instance] = await authority.storage.read.instances.list()
      const variables = await clientEnvironment(authority, instance!, config.publicUrl ?? server.url)
      const { url, metricsUrl, frontendUrl } = server
      if (flags.json) printJson({ url, metricsUrl, frontendUrl, env: variables })
      else printLines(banner(server, instance!, variables, flags.inMemory ? IN_MEMORY : config.data))
    },
  })
}

async function prepareInstance(
  authority: Authority,
  allowedOrigins: readonly string[] | undefined,
): Promise<void> {
  const { deps, storage } = authority
  if ((await storage.read.instances.list()).length === 0) await makeInstance(authority)
  if (allowedOrigins === undefined) return
  const [instance] = await storage.read.instances.list()
  await changeBrowsing(deps, instance!.id, { allowedOrigins }, toHex(deps.random.bytes(16)))
}

/** What a developer needs for a first token: an instance, and two machines of which one calls the other. */
async function makeInstance({ deps }: Authority): Promise<void> {
  const traceId = toHex(deps.random.bytes(16))
  const asked = { name: 'dev', environment: 'test', frontendOrigin: null } as const
  const { instance } = await createInstance(deps, asked, traceId)
  const call = { caller: { kind: 'operator', instanceId: instance.id }, address: null, traceId } as const
  const machine = { defaultTokenTtl: null, scopes: [] }
  const api = await createMachine(deps, call, { ...machine, name: DEV_MACHINES.callee })
  await createMachine(deps, call, { ...machine, name: DEV_MACHINES.caller, scopes: [api.machine.id] })
}

function banner(
  { url, metricsUrl, frontendUrl }: RunningServer,
  { allowedOrigins }: Instance,
  env: Readonly<Record<string, string>>,
  data: string,
): string {
  const worker = env.CLERK_MACHINE_SECRET_KEY
  const api = env.MINTMARK_API_MACHINE_SECRET_KEY
  const hint =
    data === IN_MEMORY
      ? 'Nothing is kept: copy the keys from above.'
      : `For your .env file: npx mintmark env${data === DEV_DEFAULTS.data ? '' : ` --data '${data}'`} > .env.`
  const json = "-H 'Content-Type: application/json'"
  const field = (name: string) => `$(echo "$M" | sed 's/.*"${name}":"\\(mt_[^"]*\\)".*/\\1/')`
  return [
    '',
    '  Mintmark is ready, for development only.',
    '',
    `  API               ${url}`,
    `  Public keys       ${url}/.well-known/jwks.json`,
    `  OpenAPI           ${url}/openapi.json`,
    ...frontendLines(frontendUrl, allowedOrigins),
    ...(metricsUrl === null ? [] : [`  Metrics           ${metricsUrl}`]),
    `  Data              ${data}`,
    '',
    `  Secret key        ${env.CLERK_SECRET_KEY}`,
    `  Publishable key   ${env.CLERK_PUBLISHABLE_KEY}`,
    `  Machine "worker"  ${worker}`,
    `  Machine "api"     ${api}`,
    '',
    '  Try it: worker issues a token, api verifies it, worker revokes it.',
    '',
    `M=$(curl -s -X POST ${url}/m2m_tokens -H "Authorization: Bearer ${worker}"); echo "$M"`,
    `curl -s ${url}/m2m_tokens/verify -H "Authorization: Bearer ${api}" ${json} -d "{\\"token\\":\\"${field('token')}\\"}"`,
    `curl -s -X POST ${url}/m2m_tokens/${field('id')}/revoke -H "Authorization: Bearer ${worker}"`,
    '',
    `  ${hint} To stop: Ctrl-C.`,
    '',
  ].join('\n')
}

function frontendLines(frontendUrl: string | null, allowedOrigins: readonly string[]): readonly string[] {
  if (frontendUrl === null) return []
  const origins = allowedOrigins.join(' ') || 'none: name your application with --allowed-origin'
  return [`  Sign-in page      ${frontendUrl}/sign-in`, `  Allowed origins   ${origins}`]
}
