/**
 * Guards: a file can be read at one sitting and a folder at one glance. At most 250 lines in a file, or
 * at the very most 400, and 12 source files in a folder. Functions: the lint rule in `lint/functions.ts`.
 */
import { posix } from 'node:path'
import { createFindings } from './findings.ts'
import { findFiles, isTest, readText } from './tree.ts'

const FILE_LINES = { soft: 250, hard: 400 }
const FOLDER_FILES = 12
/** One function to a file, each named after an operation: the list is the index of the API. */
const INDEX = 'packages/sdk/src/funcs'

const findings = createFindings()
const files = findFiles('{packages/*/src,tests,scripts,benchmarks,examples}/**/*.ts')
for (const path of files) {
  const lines = readText(path).split('\n').length - 1
  if (lines > FILE_LINES.hard) findings.fail(path, `has ${lines} lines; at most ${FILE_LINES.hard}`)
  else if (lines > FILE_LINES.soft) findings.warn(path, `has ${lines} lines; ${FILE_LINES.soft} read better`)
}

const sources = files.filter((path) => !path.startsWith('tests/') && !isTest(path))
const folders = Map.groupBy(sources, (path) => posix.dirname(path))
for (const [folder, { length }] of folders) {
  if (length > FOLDER_FILES && folder !== INDEX)
    findings.fail(folder, `has ${length} source files; at most ${FOLDER_FILES}`)
}
findings.end(`${files.length} files in ${folders.size} folders`)
