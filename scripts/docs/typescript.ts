/** Compiles the TypeScript of the pages, each block as a program of its own. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE, ROOT } from '../tree.ts'
import type { Page } from './markdown.ts'

export interface TypeFault {
  /** Page and line. */
  readonly where: string
  readonly message: string
}

const FOLDER = join(CACHE, 'docs')

/** A block with `continued` after its language goes on where the one before it on the page ended. */
export function typeFaultsOf(pages: readonly Page[]): readonly TypeFault[] {
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  const programs = pages.flatMap(programsOf)
  programs.forEach(({ text }, index) => writeFileSync(join(FOLDER, `block-${index}.ts`), text))
  if (programs.length === 0) return []

  writeFileSync(
    join(FOLDER, 'tsconfig.json'),
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.base.json'),
      compilerOptions: {
        lib: ['es2024', 'dom', 'dom.iterable'],
        moduleDetection: 'force',
        // What a reader's own project need not have turned on.
        exactOptionalPropertyTypes: false,
        noUncheckedIndexedAccess: false,
        noUnusedLocals: false,
        noUnusedParameters: false,
      },
      files: programs.map((_, index) => `block-${index}.ts`),
    }),
  )
  const tsc = join(ROOT, 'node_modules/.bin/tsc')
  const { stdout } = spawnSync(tsc, ['-p', FOLDER, '--pretty', 'false'], { cwd: FOLDER, encoding: 'utf8' })
  return stdout
    .split('\n')
    .filter((line) => line.includes('error TS'))
    .map((line) => toFault(line, programs))
}

interface Program {
  readonly path: string
  readonly text: string
}

/** Blank lines stand for the rest of the page, so that the compiler counts lines as the page does. */
function programsOf({ path, blocks }: Page): readonly Program[] {
  const programs: { path: string; text: string }[] = []
  for (const { language, info, text, line } of blocks) {
    if (language !== 'ts') continue
    const last = programs.at(-1)
    const before = info === 'continued' && last ? last.text : ''
    const padding = '\n'.repeat(line - 1 - (before.split('\n').length - 1))
    if (before !== '') programs.pop()
    programs.push({ path, text: `${before}${padding}${text}\n` })
  }
  return programs
}

function toFault(line: string, programs: readonly Program[]): TypeFault {
  const found = /^block-(?<index>\d+)\.ts\((?<line>\d+),\d+\): error (?<message>.*)$/.exec(line)?.groups
  if (!found) return { where: 'the compiler', message: line }
  return { where: `${programs[Number(found.index)]!.path}:${found.line}`, message: found.message! }
}
