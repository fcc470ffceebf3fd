/**
 * Guards: what the pages say can be done can be done. The reference equals what the code makes; links lead
 * somewhere; TypeScript compiles; JSON parses; commands, flags, variables, paths and files that are
 * named exist.
 */
import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import { variableOf, SETTING_NAMES } from '../packages/server/src/server/settings.ts'
import { faultsOfShell } from './docs/calls.ts'
import { readPage, type Block, type Page, type Span } from './docs/markdown.ts'
import { unknownPathsIn } from './docs/paths.ts'
import { referencePages } from './docs/reference.ts'
import { typeFaultsOf } from './docs/typescript.ts'
import { createFindings } from './findings.ts'
import { findFiles, readText, ROOT } from './tree.ts'

/** Those of which something is checked, and those of which nothing can be. */
const LANGUAGES = new Set(
  'ts json sh bash text http env ini yaml toml dockerfile nginx diff sql html mermaid'.split(' '),
)
const SHELLS = new Set(['sh', 'bash'])

/**
 * A folder or file from the root, or a source file by the end of its path, as in `core/errors.ts`. What is
 * made, such as `dist`, need not be there.
 */
const NAMED_FILE =
  /^(?!.*\bdist\b)(?:(?:packages|scripts|tests|docs|benchmarks|examples|\.ci)\/[\w./-]*|(?:[\w-]+\/)+[\w.-]+\.ts)$/

const findings = createFindings()
const tree = findFiles('**/*')
const pages = findFiles('**/*.md', '.*/**/*.md').map((path) => readPage(path, readText(path)))
const byPath = new Map(pages.map((page) => [page.path, page]))
// Names in tests and sources: of variables that clients read, or that only the tests know.
const sources = findFiles('{packages,tests,benchmarks,scripts}/**/*.{ts,js}').map(readText).join('\n')
const variables = new Set([
  ...SETTING_NAMES.map(variableOf),
  ...(sources.match(/\bMINTMARK_[A-Z_]*[A-Z]\b/g) ?? []),
])

checkReference()
for (const page of pages) {
  for (const block of page.blocks) checkBlock(page, block)
  for (const target of page.targets) checkTarget(page, target)
  for (const span of page.code) checkCode(page, span)
}
for (const { where, message } of typeFaultsOf(pages)) findings.fail(where, message)
findings.end(`${pages.length} pages with ${pages.flatMap(({ blocks }) => blocks).length} blocks`)

function checkReference(): void {
  for (const [path, text] of Object.entries(referencePages())) {
    if (!existsSync(join(ROOT, path))) findings.fail(path, 'is missing: npm run docs writes it')
    else if (readText(path) !== text)
      findings.fail(path, 'is not what the code makes: npm run docs writes it')
  }
}

function checkBlock({ path }: Page, { language, text, line }: Block): void {
  const where = `${path}:${line}`
  if (language === '') findings.fail(where, 'a block must name its language; text is one')
  else if (!LANGUAGES.has(language)) findings.fail(where, `no check knows ${language}; text is always taken`)
  if (language === 'json') {
    try {
      JSON.parse(text)
    } catch (error) {
      findings.fail(where, `is not JSON: ${String(error)}`)
    }
  }
  if (SHELLS.has(language)) for (const fault of faultsOfShell(text)) findings.fail(where, fault)
  checkNames(where, text)
}

function checkTarget({ path }: Page, { text: target, line }: Span): void {
  if (/^[a-z][a-z+.-]*:/i.test(target)) return
  const where = `${path}:${line}`
  const [file = '', anchor] = target.split('#')
  const to = file === '' ? path : posix.normalize(posix.join(posix.dirname(path), decodeURI(file)))
  if (to.startsWith('..') || file.startsWith('/')) findings.fail(where, `${target} leads out of the project`)
  else if (!existsSync(join(ROOT, to))) findings.fail(where, `${target} leads nowhere`)
  else if (anchor !== undefined && byPath.get(to)?.anchors.has(anchor) === false)
    findings.fail(where, `${target} names no heading of ${to}`)
}

/** What stands between backticks: a call, a variable, or a file given from the root. */
function checkCode({ path }: Page, { text, line }: Span): void {
  const where = `${path}:${line}`
  checkNames(where, text)
  if (/^(?:mintmark [a-z-]|npm |node )/.test(text) && !text.includes('…')) {
    for (const fault of faultsOfShell(text, { partial: true })) findings.fail(where, fault)
  }
  if (
    NAMED_FILE.test(text) &&
    !existsSync(join(ROOT, text)) &&
    !tree.some((file) => file.endsWith(`/${text}`))
  )
    findings.fail(where, `there is no ${text}`)
}

function checkNames(where: string, text: string): void {
  for (const name of text.match(/\bMINTMARK_[A-Z_]*[A-Z]\b/g) ?? []) {
    if (!variables.has(name)) findings.fail(where, `nothing reads or prints ${name}`)
  }
  for (const path of unknownPathsIn(text)) findings.fail(where, `no route answers to ${path}`)
}
