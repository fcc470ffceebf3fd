/** Says what is wrong with a command that a page tells its reader to type, where the command is one of ours. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readText, ROOT } from '../tree.ts'
import { faultOf } from './command-line.ts'
import { commandsIn } from './shell.ts'

const SCRIPTS = (JSON.parse(readText('package.json')) as { scripts: Readonly<Record<string, string>> })
  .scripts
const BIN = 'bin/mintmark.js'

/** Those of npm that need no script to be there. */
const OF_NPM = new Set(['ci', 'i', 'install', 'exec', 'pack', 'publish', 'version', 'view', 'audit', 'ls'])

/** @param partial prose may name a command without everything it needs */
export const faultsOfShell = (shell: string, { partial = false } = {}): readonly string[] =>
  commandsIn(shell).flatMap((words) => {
    const fault = faultOfCall(words, partial)
    return fault === null ? [] : [`${words.join(' ')}: ${fault}`]
  })

function faultOfCall([program, ...args]: readonly string[], partial: boolean): string | null {
  if (program === 'mintmark') return faultOf(args, { partial })
  if (program === 'npm') return faultOfNpm(args, partial)
  if (program !== 'node') return null
  const file = args.find((arg) => !arg.startsWith('-'))
  if (file === undefined || !/[/.]/.test(file)) return null
  if (file.endsWith(BIN)) return faultOf(args.slice(args.indexOf(file) + 1), { partial })
  return /^(?:packages|scripts|tests|benchmarks|examples)\//.test(file) && !existsSync(join(ROOT, file))
    ? `there is no ${file}`
    : null
}

function faultOfNpm(args: readonly string[], partial: boolean): string | null {
  const [verb, ...rest] = args.filter((arg) => arg !== '--silent' && arg !== '-s')
  if (verb === undefined || OF_NPM.has(verb)) return null
  const [name, ...passed] = verb === 'run' || verb === 'run-script' ? rest : [verb, ...rest]
  const script = SCRIPTS[name ?? '']
  if (script === undefined) return `there is no script ${name}`
  // What npm hands on comes after two dashes; before them it keeps flags to itself.
  const dashes = passed.indexOf('--')
  if (dashes === -1 && passed.some((arg) => arg.startsWith('-')))
    return 'npm takes the flags: put them after --'
  const [, ours] = script.split(`${BIN} `)
  return ours === undefined ? null : faultOf([...ours.split(' '), ...passed.slice(dashes + 1)], { partial })
}
