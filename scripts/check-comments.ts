/**
 * Guards: whoever turns a rule off says why, after two dashes, and for no more than the next line; whoever
 * formats by hand says why in the line above; and what is left to do has an issue that somebody can find.
 */
import { createFindings } from './findings.ts'
import { findFiles, lineAt, readText } from './tree.ts'

/** The beginning of a comment, up to what it is about. */
const COMMENT = String.raw`(?:\/\/|\/\*|^\s*\*)[^\S\n]*`
const LINT = new RegExp(String.raw`${COMMENT}(?:oxlint|eslint)-disable(?<rest>.*)$`, 'gm')
const FORMAT = new RegExp(String.raw`(?<above>.*)\n[^\S\n]*${COMMENT}(?:oxfmt|prettier)-ignore`, 'gm')
const REMINDER = new RegExp(String.raw`${COMMENT}(?:.*\b)?(?:TODO|FIXME|XXX|HACK)\b(?<rest>.*)$`, 'gm')

const findings = createFindings()
const files = findFiles('{packages,tests,scripts,benchmarks,examples}/**/*.{ts,tsx,js}', '*.ts')
for (const path of files) {
  const text = readText(path)
  for (const { index, groups } of text.matchAll(LINT))
    checkLint(`${path}:${lineAt(text, index)}`, groups!.rest!)
  for (const { index, groups } of text.matchAll(FORMAT)) {
    if (!/\/\/ \S.{9}/.test(groups!.above!))
      findings.fail(`${path}:${lineAt(text, index) + 1}`, 'gives no reason: write a comment above')
  }
  for (const { index, groups } of text.matchAll(REMINDER)) {
    if (!/^\(#\d+\): \S/.test(groups!.rest!))
      findings.fail(
        `${path}:${lineAt(text, index)}`,
        'names no issue: write TODO(#number): what is to be done',
      )
  }
}
findings.end(`the comments of ${files.length} files`)

function checkLint(where: string, rest: string): void {
  if (!/ -- \S.{9}/.test(rest)) findings.fail(where, 'gives no reason: write it after " -- "')
  if (!rest.startsWith('-next-line ')) findings.fail(where, 'is for more than the next line')
  if (!/^[\w-]* [a-z@][\w/-]*/.test(rest)) findings.fail(where, 'names no rule')
}
