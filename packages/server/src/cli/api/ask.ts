/** What a command asks the person at the terminal. Everything else is a flag, so that scripts never wait. */
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline/promises'
import { text } from 'node:stream/consumers'
import { Writable } from 'node:stream'
import { CliError } from '../cli-error.ts'
import { printable } from '../output.ts'

const isTerminal = (): boolean => process.stdin.isTTY && process.stderr.isTTY

/** What `--yes` is for, where a command asks. */
export const CONSENT = 'Do it without asking; a script has to give it.'

/** @throws {CliError} where nobody can be asked and `--yes` was not given */
export function requireConsent(yes: boolean | undefined): void {
  if (yes || isTerminal()) return
  throw new CliError('This cannot be undone, and nobody is here to be asked: give --yes to do it.', 2)
}

/** @throws {CliError} unless the answer is yes */
export async function confirm(yes: boolean | undefined, question: string): Promise<void> {
  if (yes) return
  // The terminal stays as it is, so that Ctrl-C ends the process as it ends any other.
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false })
  const answer = await Promise.race([
    lines.question(`${printable(question)} [y/N] `),
    new Promise<string>((resolve) => lines.once('close', () => resolve(''))),
  ])
  lines.close()
  if (!/^y(?:es)?$/i.test(answer.trim())) throw new CliError('Nothing was done.')
}

/** Longer than any token. */
const LONGEST_SECRET = 65_536

/**
 * A token, from a file or from stdin; from a terminal without showing it.
 *
 * @throws {CliError} if there is none
 */
export async function readSecret(file: string | undefined, what: string): Promise<string> {
  const read = file === undefined ? await fromStdin(what) : fromFile(file)
  const secret = read.trim()
  if (secret === '' || secret.length > LONGEST_SECRET || /\s/.test(secret)) {
    throw new CliError(
      `There is no ${what} in ${file === undefined ? 'the input' : 'that file'}: it is one word.`,
      2,
    )
  }
  return secret
}

function fromFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    throw new CliError(`The file ${printable(file)} cannot be read.`)
  }
}

async function fromStdin(what: string): Promise<string> {
  if (!isTerminal()) return text(process.stdin)
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() })
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true })
  // Only now, when the terminal shows nothing of what is typed.
  process.stderr.write(`Paste the ${what}, then Enter (it is not shown): `)
  // A raw terminal makes no signal of Ctrl-C.
  lines.once('SIGINT', () => process.kill(process.pid, 'SIGINT'))
  try {
    return await lines.question('')
  } finally {
    lines.close()
    process.stderr.write('\n')
  }
}
