/** What the frontend serves from files: its page, and clerk-js. They are read once, when a server starts. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClerkJs } from '../../http/frontend/assets.ts'
import type { PageFiles } from '../../http/frontend/page.ts'

/** The folder of the package: of the built server, which is one file in `dist`, as of its source. */
const PACKAGE = import.meta.dirname.endsWith('dist')
  ? join(import.meta.dirname, '..')
  : join(import.meta.dirname, '../../..')

export function readPage(): PageFiles {
  const read = (name: string) => readFileSync(join(PACKAGE, 'pages', name), 'utf8')
  return { html: read('sign-in.html'), css: read('sign-in.css'), script: read('sign-in.js') }
}

/** The build has put it there (`tsdown.config.ts`). */
export function readClerkJs(): ClerkJs {
  const parent = join(PACKAGE, 'dist', 'clerk-js')
  const [version] = readdirSync(parent)
  const folder = join(parent, version!)
  const names = readdirSync(folder).filter((name) => name.endsWith('.js'))
  return { version: version!, files: new Map(names.map((name) => [name, readFileSync(join(folder, name))])) }
}
