/** Reads which names a declaration file exports, and whether each says what it is. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

export interface ExportedName {
  readonly kind: 'type' | 'value'
  /** Its declaration follows a comment. */
  readonly documented: boolean
}

export type ExportedNames = ReadonlyMap<string, ExportedName>

const DECLARATION =
  /^export (?:declare )?(?<what>abstract class|class|function|const|interface|type) (?<name>[\w$]+)/gm
const LISTED = /^export (?<type>type )?\{(?<list>[^}]*)\}(?: from '(?<from>[^']+)')?;/gm
const ALL = /^export (?<type>type )?\* (?:as (?<as>\w+) )?from '(?<from>[^']+)';/gm
const IMPORTED = /^import (?:type )?\{(?<list>[^}]*)\} from '(?<from>[^']+)';/gm

/** @param path a `.d.ts` that tsc wrote: one statement at the beginning of a line */
export function exportedNames(path: string): ExportedNames {
  const text = readFileSync(path, 'utf8')
  const found = new Map<string, ExportedName>()
  for (const { groups, index } of text.matchAll(DECLARATION)) {
    const kind = /interface|type/.test(groups!.what!) ? 'type' : 'value'
    found.set(groups!.name!, { kind, documented: text.slice(0, index).trimEnd().endsWith('*/') })
  }
  for (const { groups } of text.matchAll(ALL)) {
    const { type, as, from } = groups!
    if (as !== undefined) found.set(as, { kind: 'value', documented: true })
    else for (const [name, each] of namesIn(path, from!)) found.set(name, restrict(each, type))
  }
  for (const { groups } of text.matchAll(LISTED)) {
    for (const { local, name, type } of readList(groups!.list!)) {
      const each = declarationOf(path, text, local, groups!.from)
      found.set(name, restrict(each, groups!.type ?? type))
    }
  }
  return found
}

const restrict = (each: ExportedName, type: string | undefined): ExportedName =>
  type === undefined ? each : { ...each, kind: 'type' }

const namesIn = (path: string, from: string): ExportedNames =>
  exportedNames(join(dirname(path), from.replace(/\.[jt]s$/, '.d.ts')))

/** In another file, or in this one: declared there, or imported. */
function declarationOf(path: string, text: string, local: string, from: string | undefined): ExportedName {
  const source =
    from ??
    [...text.matchAll(IMPORTED)].find(({ groups }) =>
      readList(groups!.list!).some(({ name }) => name === local),
    )?.groups!.from
  const found = source === undefined ? exportedHere(text).get(local) : namesIn(path, source).get(local)
  if (found === undefined) throw new Error(`${path} exports ${local}, which is declared nowhere`)
  return found
}

/** What a file declares, exported where it stands or not. */
function exportedHere(text: string): ExportedNames {
  const declared = /^(?:export )?declare (?<what>class|function|const) (?<name>[\w$]+)/gm
  return new Map(
    [...text.matchAll(declared)].map(({ groups, index }) => [
      groups!.name!,
      { kind: 'value', documented: text.slice(0, index).trimEnd().endsWith('*/') },
    ]),
  )
}

function readList(list: string): readonly { local: string; name: string; type: string | undefined }[] {
  return list
    .split(',')
    .map((each) => /^\s*(?<type>type )?(?<local>[\w$]+)(?: as (?<name>[\w$]+))?\s*$/.exec(each)?.groups)
    .filter((groups) => groups !== undefined)
    .map(({ type, local, name }) => ({ local: local!, name: name ?? local!, type }))
}
