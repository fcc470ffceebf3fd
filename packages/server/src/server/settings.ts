/**
 * Every setting, once: its flag, its environment variable, its name in the configuration file, its check
 * and its text all come from this table, and so does `docs/reference/configuration.md`.
 */
import { z } from 'zod'
import { LONGEST_LIFETIME } from '../core/time.ts'

interface Setting<Value> {
  readonly schema: z.ZodType<Value>
  readonly description: string
  /** What stands for the value in help texts, such as `DIR`. Absent for a switch. */
  readonly placeholder?: string
  /** Given by environment or file only, and never shown. */
  readonly secret?: true
}

const setting = <Value>(description: Setting<Value>): Setting<Value> => description

/** Flags and variables are text, the file has JSON's own types: both are read. An error says what a value must be. */
const number = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}`
  const text = z
    .string()
    .regex(/^\d{1,15}$/)
    .transform(Number)
  return z.union([z.number(), text], { error }).pipe(z.int({ error }).min(least, error).max(most, error))
}
const flag = z.union([z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')], {
  error: 'must be true or false',
})
const oneOf = <const Names extends readonly string[]>(...names: Names) =>
  z.enum(names, { error: `must be one of ${names.join(', ')}` })
const webUrl = z.url({ protocol: /^https?$/, error: 'must be an http:// or https:// URL' })
const list = z.union([
  z.array(z.string()),
  z.string().transform((text) =>
    text
      .split(',')
      .map((each) => each.trim())
      .filter(Boolean),
  ),
])
const port = number(0, 65_535)
const databaseUrl = z
  .string()
  .regex(/^postgres(?:ql)?:\/\/./, 'must begin with postgres://')
  .nullable()
  .default(null)

export const SETTINGS = {
  data: setting({
    schema: z.string().default(''),
    description: 'Folder for the database, unless that is PostgreSQL. It must be on a local disk.',
    placeholder: 'DIR',
  }),
  databaseUrl: setting({
    schema: databaseUrl,
    description:
      'PostgreSQL to keep everything in, as postgres://user:password@host:5432/database, instead of a folder. Several hosts, of which one takes writes, are separated by commas.',
    placeholder: 'URL',
    secret: true,
  }),
  databaseDirectUrl: setting({
    schema: databaseUrl,
    description: 'The same database without the pooler that the database URL leads to, if it does.',
    placeholder: 'URL',
    secret: true,
  }),
  databasePoolSize: setting({
    schema: number(1, 200).default(10),
    description: 'Connections to PostgreSQL for transactions; five more are for reading.',
    placeholder: 'COUNT',
  }),
  databaseListen: setting({
    schema: flag.default(true),
    description:
      'Have PostgreSQL tell of revocations by NOTIFY. Off for databases that do not know it: then they are asked for, a little later.',
  }),
  revocationLease: setting({
    schema: number(100, 60_000).default(1_000),
    description:
      'How long a node may answer from memory without having read the revocation log, in milliseconds: no revocation takes longer to reach it.',
    placeholder: 'MS',
  }),
  host: setting({
    schema: z.string().min(1, 'must not be empty').default('127.0.0.1'),
    description: 'Address to listen on.',
    placeholder: 'ADDRESS',
  }),
  port: setting({
    schema: port.default(4100),
    description: 'Port to listen on; 0 for any free one.',
    placeholder: 'PORT',
  }),
  workers: setting({
    schema: number(1, 64).default(1),
    description:
      'Processes that answer requests, for a machine with several cores. SIGHUP replaces them one by one.',
    placeholder: 'COUNT',
  }),
  publicUrl: setting({
    schema: webUrl
      .transform((text) => text.replace(/\/+$/, ''))
      .nullable()
      .default(null),
    description:
      'URL by which clients reach this server; also the issuer of JWTs of instances without an origin of their own. Default: from host and port.',
    placeholder: 'URL',
  }),
  basePath: setting({
    schema: z
      .string()
      .regex(/^(?:\/[\w.-]+)*$/, 'must be empty or like /mintmark')
      .default(''),
    description: 'Path in front of every route, where a proxy does not cut it off.',
    placeholder: 'PATH',
  }),
  masterKey: setting({
    schema: z.string().nullable().default(null),
    description: 'The master key: 32 bytes in hex or base64.',
    placeholder: 'KEY',
    secret: true,
  }),
  masterKeyFile: setting({
    schema: z.string().nullable().default(null),
    description: 'File with the master key. Default: master.key in the data folder, if it is there.',
    placeholder: 'FILE',
  }),
  previousMasterKeys: setting({
    schema: list.default([]),
    description:
      'Master keys that the current one replaced, separated by commas. What was made under them stays good.',
    placeholder: 'KEYS',
    secret: true,
  }),
  metricsPort: setting({
    schema: port.nullable().default(null),
    description: 'Port for Prometheus metrics at /metrics, on a listener of its own. Default: none.',
    placeholder: 'PORT',
  }),
  metricsHost: setting({
    schema: z.string().min(1, 'must not be empty').default('127.0.0.1'),
    description: 'Address for the metrics listener.',
    placeholder: 'ADDRESS',
  }),
  logLevel: setting({
    schema: oneOf('debug', 'info', 'warn', 'error', 'silent').default('info'),
    description: 'Least level that is logged: debug, info (each request), warn, error or silent.',
    placeholder: 'LEVEL',
  }),
  acceptUnknownUsers: setting({
    schema: flag.default(false),
    description: 'Take any well-formed user id for a user, for applications that keep their users elsewhere.',
  }),
  frontendPort: setting({
    schema: port.nullable().default(null),
    description:
      'Port for what browsers ask: the Frontend API and the sign-in page, on a listener of its own. Default: none.',
    placeholder: 'PORT',
  }),
  frontendHost: setting({
    schema: z.string().min(1, 'must not be empty').default('127.0.0.1'),
    description: 'Address for the frontend listener.',
    placeholder: 'ADDRESS',
  }),
  frontendUrl: setting({
    schema: webUrl
      .transform((text) => text.replace(/\/+$/, ''))
      .nullable()
      .default(null),
    description:
      'Origin by which browsers reach the frontend listener, for instances without an origin of their own, and then the issuer of their JWTs. Default: the public URL.',
    placeholder: 'URL',
  }),
  frontendCertificate: setting({
    schema: z.string().nullable().default(null),
    description:
      'File with the certificate chain of the frontend listener, in PEM. Default: plain HTTP, for a proxy.',
    placeholder: 'FILE',
  }),
  frontendKey: setting({
    schema: z.string().nullable().default(null),
    description: 'File with the private key of that certificate, in PEM.',
    placeholder: 'FILE',
  }),
  signInLimit: setting({
    schema: number(0, 1_000_000).default(5),
    description: 'Sign-ins that one address may try in ten seconds, without a testing token; 0 for no limit.',
    placeholder: 'COUNT',
  }),
  challengeVerifyUrl: setting({
    schema: webUrl.nullable().default(null),
    description:
      'Where answers to the challenge of sign-ins are verified, as Turnstile does it. Default: no challenge.',
    placeholder: 'URL',
  }),
  challengeSecret: setting({
    schema: z.string().nullable().default(null),
    description: 'The secret by which the challenge knows this server.',
    placeholder: 'SECRET',
    secret: true,
  }),
  challengeSiteKey: setting({
    schema: z.string().nullable().default(null),
    description: 'The public key by which pages show the challenge.',
    placeholder: 'KEY',
  }),
  challengeScript: setting({
    schema: webUrl.default('https://challenges.cloudflare.com/turnstile/v0/api.js?render=explicit'),
    description: 'The script by which the sign-in page shows the challenge. Default: that of Turnstile.',
    placeholder: 'URL',
  }),
  testingTokensOnLive: setting({
    schema: flag.default(false),
    description:
      'Let live instances issue and honour testing tokens, which lift the sign-in limit and the challenge.',
  }),
  machineTokenCategory: setting({
    schema: oneOf('current', 'legacy').default('current'),
    description:
      "The `cat` of machine tokens: `current` is verified by today's Clerk SDKs, `legacy` is what machine tokens had.",
    placeholder: 'NAME',
  }),
  longestTokenLifetime: setting({
    schema: number(1, LONGEST_LIFETIME).nullable().default(null),
    description:
      'Longest life of an M2M token in seconds. Default: none, so that an opaque token may never expire.',
    placeholder: 'SECONDS',
  }),
  rateLimit: setting({
    schema: number(0, 1_000_000).default(0),
    description: 'Requests that one key may make in ten seconds, and as many verifications; 0 for no limit.',
    placeholder: 'COUNT',
  }),
  cachedTokens: setting({
    schema: number(0, 10_000_000).default(200_000),
    description: 'M2M tokens kept in memory, at about half a kilobyte each.',
    placeholder: 'COUNT',
  }),
  tokenRetention: setting({
    schema: number(0, 36_500).default(30),
    description:
      'Days for which the record of a token is kept after it has expired, or was revoked if it would never expire.',
    placeholder: 'DAYS',
  }),
  trustedProxies: setting({
    schema: list.default([]),
    description:
      'Addresses or CIDR ranges of proxies whose X-Forwarded-For is believed, separated by commas.',
    placeholder: 'LIST',
  }),
  migrate: setting({
    schema: flag.default(true),
    description: 'Bring an older schema up to date at start; otherwise refuse it.',
  }),
  shutdownDelay: setting({
    schema: number(0, 60).default(0),
    description: 'Seconds to go on serving after SIGTERM, not ready any more, so that load balancers notice.',
    placeholder: 'SECONDS',
  }),
} as const

export type SettingName = keyof typeof SETTINGS
export type Config = { readonly [Name in SettingName]: z.output<(typeof SETTINGS)[Name]['schema']> }

export const SETTING_NAMES = Object.keys(SETTINGS) as readonly SettingName[]

/** `publicUrl` → `MINTMARK_PUBLIC_URL` */
export const variableOf = (name: SettingName): string =>
  `MINTMARK_${name.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`

/** `publicUrl` → `--public-url` */
export const flagOf = (name: SettingName): string =>
  `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
