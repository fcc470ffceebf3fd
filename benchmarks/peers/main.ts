/**
 * `npm run bench -- peers`: opaque tokens verified and issued over HTTP by ours and by others, in one run, each on the
 * server's core with the load on the other. Prints tables in Markdown and, last, the same as one line of JSON.
 *
 *   --tokens N    live tokens that each has, any of which is verified (default 10000)
 *   --seconds N   how long one slice of a measurement takes (default 5: in less, ours need not write what it puts off)
 *   --slices N    how many slices each has; medians are printed (default 5)
 *   --only TEXT   only ours on SQLite and those with this in their name
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { pick } from '../load.ts'
import { BARE, pinThisProcess, residentMb, start as startProcess } from '../processes.ts'
import { startBetterAuthInMemory, startBetterAuthOnSqlite } from './better-auth.ts'
import { bytesOf, checkVerdicts, issueTokens, type Contender, type Start } from './contender.ts'
import { installPeers } from './install.ts'
import { CONNECTIONS, measureRounds, warmUp, type Load } from './measure.ts'
import { startOidcInMemory, startOidcOnSqlite } from './oidc-provider.ts'
import { startOnPostgres, startOnSqlite } from './ours.ts'
import { report } from './report.ts'

const { values: flags } = parseArgs({
  options: {
    tokens: { type: 'string', default: '10000' },
    seconds: { type: 'string', default: '5' },
    slices: { type: 'string', default: '5' },
    only: { type: 'string', default: '' },
  },
})
const settings = {
  tokens: Number(flags.tokens),
  seconds: Number(flags.seconds),
  slices: Number(flags.slices),
  connections: CONNECTIONS,
}
/** Tokens that are looked at before and after, to see that each contender does what it is measured for. */
const CHECKED = 100

/** Ours on SQLite is the first: the others are compared with it. */
const CONTENDERS: Readonly<Record<string, Start>> = {
  'ours on SQLite': startOnSqlite,
  'ours on PostgreSQL': startOnPostgres,
  'oidc-provider on SQLite': startOidcOnSqlite,
  'oidc-provider in memory': startOidcInMemory,
  'Better Auth on SQLite': startBetterAuthOnSqlite,
  'Better Auth in memory': startBetterAuthInMemory,
}

const say = (text: string) => process.stderr.write(`${text}\n`)

/** One that has its live tokens, and both loads. */
interface Prepared {
  readonly contender: Contender
  readonly sample: readonly string[]
  readonly verify: Load
  readonly issue: Load
}

async function prepare(contender: Contender): Promise<Prepared> {
  say(`${contender.name}: making ${settings.tokens} live tokens …`)
  const tokens = await issueTokens(contender, settings.tokens, CONNECTIONS)
  const sample = Array.from({ length: CHECKED }, () => pick(tokens))
  await checkVerdicts(contender, sample)
  const verifications = tokens.map((token) => bytesOf(contender.verify(token)))
  const issue = bytesOf(contender.issue)
  const prepared = {
    contender,
    sample,
    verify: { contender, next: () => pick(verifications), expect: 200 },
    issue: { contender, next: () => issue, expect: contender.issueStatus },
  }
  await warmUp(prepared.verify)
  return prepared
}

async function startAll(root: string, started: Contender[]): Promise<string[]> {
  const skipped: string[] = []
  for (const [name, start] of Object.entries(CONTENDERS)) {
    if (started.length > 0 && !name.includes(flags.only)) continue
    const contender = await start(join(root, name.replaceAll(' ', '-').toLowerCase()))
    if (typeof contender === 'string') {
      skipped.push(`${name} was left out: ${contender}`)
      say(skipped.at(-1)!)
    } else started.push(contender)
  }
  return skipped
}

async function main(): Promise<void> {
  pinThisProcess()
  installPeers()
  const root = mkdtempSync(join(tmpdir(), 'mintmark-peers-'))
  const bare = await startProcess([BARE])
  const started: Contender[] = []
  try {
    const skipped = await startAll(root, started)
    const prepared: Prepared[] = []
    for (const contender of started) prepared.push(await prepare(contender))
    say('Verifying …')
    const verify = await measureRounds(
      bare,
      prepared.map(({ verify }) => verify),
      settings,
    )
    for (const { contender, sample } of prepared) await checkVerdicts(contender, sample)
    say('Issuing …')
    const issue = await measureRounds(
      bare,
      prepared.map(({ issue }) => issue),
      settings,
    )
    for (const { contender, sample } of prepared) await checkVerdicts(contender, sample)
    const contenders = started.map(({ name, version, durability, server }) => ({
      name,
      version,
      durability,
      rssMb: residentMb(server),
    }))
    report({ settings, contenders, skipped, bareRssMb: residentMb(bare), verify, issue })
  } finally {
    for (const { stop } of started) await stop()
    await bare.stop()
    rmSync(root, { recursive: true, force: true })
  }
}

await main()
