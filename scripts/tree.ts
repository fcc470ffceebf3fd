/** The files of the project as the checks see them: everything that is kept, nothing that is made. */
import { globSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'

export const ROOT = join(import.meta.dirname, '..')

/** Results and working files of the checks; `npm ci` clears them. */
export const CACHE = join(ROOT, 'node_modules/.cache/mintmark')

const MADE = new Set(['node_modules', 'dist', 'coverage', '.git', '.mintmark', '.artifacts'])

/**
 * @param patterns globs from the root of the project
 * @returns paths from the root, with `/` on every system, in a fixed order
 */
export const findFiles = (...patterns: readonly string[]): readonly string[] =>
  globSync(patterns, { cwd: ROOT, exclude: ({ name }) => MADE.has(name), withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .toSorted()

export const readText = (path: string): string => readFileSync(join(ROOT, path), 'utf8')

/** The number of the line that a position in a text is on. */
export const lineAt = (text: string, position: number): number => text.slice(0, position).split('\n').length

/** Beside the code, where neither arrows nor limits hold as they do for it. */
export const isTest = (path: string): boolean => /\.(?:test|conformance)\.ts$/.test(path)
