import { Command, InvalidArgumentError, Option } from 'commander'
import { toHex } from '../../core/ids.ts'
import { seconds } from '../../core/time.ts'
import { changeBrowsing } from '../../directory/instances/change.ts'
import { createInstance } from '../../directory/instances/create.ts'
import { publishableKeyOf, type Browsing, type Environment } from '../../directory/instances/instance.ts'
import { rotateInstanceSecretKey } from '../../directory/instances/secret-keys.ts'
import { ConfigError } from '../../server/config.ts'
import { confirm, CONSENT, requireConsent } from '../api/ask.ts'
import { time } from '../api/show.ts'
import { CliError } from '../cli-error.ts'
import { chooseInstance, withAuthority } from '../open-folder.ts'
import { addConfigFile, addJson, addSettings, configOf, DEV_DEFAULTS } from '../options.ts'
import { eachOrigin, given, origin, overlapOption, pageUrl, toDuration } from '../values.ts'
import { print, printJson, printRecord, printTable, say } from '../output.ts'

export function instancesCommand(): Command {
  return new Command('instances')
    .description('Make and list instances: the walls between which tokens mean something.')
    .addCommand(createCommand())
    .addCommand(updateCommand())
    .addCommand(listCommand())
    .addCommand(rotateKeyCommand())
}

type Flags = Readonly<Record<string, unknown>>

function createCommand(): Command {
  const command = new Command('create')
    .description('Make an instance and print its keys. A running server sees it at once.')
    .requiredOption('--name <NAME>', 'What people call it.', readName)
    .addOption(new Option('--environment <NAME>', 'test or live').choices(['test', 'live']).default('live'))
    .option(
      '--frontend-origin <URL>',
      'Where browsers find it, such as https://clerk.example.com; the issuer of its JWTs.',
      origin,
    )
    .option('--allowed-origin <URL>', ALLOWED_ORIGIN, eachOrigin)
    .option('--sign-in-url <URL>', `${SIGN_IN_URL} Default: this server's own page.`, pageUrl)
    .option('--home-url <URL>', `${HOME_URL} Default: nowhere.`, pageUrl)
  return addShared(command).action(async (flags: Flags) => {
    const name = String(flags.name)
    const frontendOrigin = (flags.frontendOrigin as string | undefined) ?? null
    await withAuthority(configOf(flags, DEV_DEFAULTS), async ({ deps, storage }) => {
      const existing = await storage.read.instances.list()
      if (existing.some((other) => other.name === name))
        throw new ConfigError('There is an instance of that name already.')
      if (existing.some((other) => other.frontendOrigin === frontendOrigin)) {
        throw new ConfigError(
          'Another instance has that frontend origin: give this one its own with --frontend-origin.',
        )
      }
      const asked = {
        name,
        environment: flags.environment as Environment,
        frontendOrigin,
        ...browsingIn(flags),
      }
      const { instance, secretKey } = await createInstance(deps, asked, toHex(deps.random.bytes(16)))
      const publishableKey = publishableKeyOf(instance, deps.frontendOriginOf)
      if (flags.json) printJson({ id: instance.id, ...asked, secretKey, publishableKey })
      else
        printRecord([
          ['Instance', instance.id],
          ['Secret key', secretKey],
          ['Publishable key', publishableKey],
        ])
    })
  })
}

function updateCommand(): Command {
  const command = new Command('update')
    .description('Change how browsers use an instance: what is given. A running server sees it at once.')
    .option('--instance <ID>', 'Id or name of the instance, where there are several.')
    .option('--allowed-origin <URL>', `${ALLOWED_ORIGIN} In place of those until now.`, eachOrigin)
    .addOption(new Option('--no-allowed-origins', 'Only its own pages.').conflicts('allowedOrigin'))
    .option('--sign-in-url <URL>', `${SIGN_IN_URL} none: this server's own page.`, pageUrlOrNone)
    .option('--home-url <URL>', `${HOME_URL} none: nowhere.`, pageUrlOrNone)
    .addHelpText(
      'after',
      '\nExamples:\n  mintmark instances update --allowed-origin https://app.example.com \\\n    --home-url https://app.example.com\n  mintmark instances update --instance production --no-allowed-origins \\\n    --sign-in-url none',
    )
  return addShared(command).action(async (flags: Flags) => {
    const change = browsingIn(flags)
    if (Object.keys(change).length === 0) throw new CliError(NOTHING_TO_CHANGE, 2)
    await withAuthority({ ...configOf(flags, DEV_DEFAULTS), migrate: false }, async (authority) => {
      const { deps } = authority
      const { id } = await chooseInstance(authority, flags.instance as string | undefined)
      const changed = await changeBrowsing(deps, id, change, toHex(deps.random.bytes(16)))
      if (flags.json) printJson(changed)
      else
        printRecord([
          ['Instance', changed.id],
          ['Allowed origins', changed.allowedOrigins.join(' ') || 'none'],
          ['Sign-in URL', changed.signInUrl ?? '(the server)'],
          ['Home URL', changed.homeUrl ?? 'none'],
        ])
    })
  })
}

const ALLOWED_ORIGIN = 'Origin of an application whose pages may use it. May be given again.'
const SIGN_IN_URL = "The application's sign-in page, which redeems links."
const HOME_URL = 'Where people go on once they are signed in.'
const NOTHING_TO_CHANGE =
  'Say what to change: --allowed-origin or --no-allowed-origins, --sign-in-url, --home-url.'

const NONE = 'none'

const pageUrlOrNone = (text: string): string => (text === NONE ? NONE : pageUrl(text))

/** What the flags say of how browsers use the instance, and nothing of what they do not say. */
function browsingIn(flags: Flags): Partial<Browsing> {
  const { allowedOrigin, allowedOrigins, signInUrl, homeUrl } = flags as {
    readonly allowedOrigin?: readonly string[]
    readonly allowedOrigins?: boolean
    readonly signInUrl?: string
    readonly homeUrl?: string
  }
  return given({
    allowedOrigins: allowedOrigins === false ? [] : allowedOrigin,
    signInUrl: signInUrl === NONE ? null : signInUrl,
    homeUrl: homeUrl === NONE ? null : homeUrl,
  })
}

function listCommand(): Command {
  return addShared(new Command('list').description('List instances.')).action(async (flags: Flags) => {
    await withAuthority({ ...configOf(flags, DEV_DEFAULTS), migrate: false }, async ({ storage }) => {
      const instances = await storage.read.instances.list()
      if (flags.json) return printJson(instances)
      printTable(
        ['ID', 'NAME', 'ENVIRONMENT', 'FRONTEND ORIGIN', 'CREATED'],
        instances.map(({ id, name, environment, frontendOrigin, createdAt }) => [
          id,
          name,
          environment,
          frontendOrigin ?? '(the server)',
          time(createdAt),
        ]),
        ['CREATED', 'ENVIRONMENT', 'FRONTEND ORIGIN'],
      )
    })
  })
}

function rotateKeyCommand(): Command {
  const command = new Command('rotate-key')
    .description('Give an instance a new secret key and print it. A running server takes it at once.')
    .option('--instance <ID>', 'Id or name of the instance, where there are several.')
    .addOption(overlapOption('How long the keys until now stay good; 0 ends them at once.'))
    .option('--yes', CONSENT)
  return addShared(command).action(async (flags: Flags) => {
    const yes = flags.yes as boolean | undefined
    requireConsent(yes)
    await withAuthority({ ...configOf(flags, DEV_DEFAULTS), migrate: false }, async (authority) => {
      const { deps } = authority
      const instance = await chooseInstance(authority, flags.instance as string | undefined)
      const overlap = seconds(flags.overlap as number)
      const end = overlap === 0 ? 'now' : `in ${toDuration(overlap)}`
      await confirm(
        yes,
        `Give the instance ${instance.name} (${instance.id}) a new key? The old keys end ${end}.`,
      )
      const secretKey = await rotateInstanceSecretKey(deps, instance, overlap, toHex(deps.random.bytes(16)))
      if (flags.json) return printJson({ id: instance.id, secretKey })
      print(`Secret key       ${secretKey}`)
      say(`The old keys end ${end}.`)
    })
  })
}

const addShared = (command: Command): Command =>
  addConfigFile(addJson(addSettings(command, ['data', 'masterKeyFile'], DEV_DEFAULTS)))

function readName(text: string): string {
  if (/^\P{Cc}{1,255}$/u.test(text)) return text
  throw new InvalidArgumentError('It must be 1 to 255 characters of plain text.')
}
