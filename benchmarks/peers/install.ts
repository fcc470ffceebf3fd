/**
 * What ours is compared with, installed on demand beside the bundles and other things that are made anew. It is not in
 * the lock file: who only builds or tests this project does not need it. No script of a package is run.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

/**
 * All under MIT. Better Auth is of the version that its API-key plugin was last published for: the three below it are
 * what that plugin asks for exactly.
 */
export const PEERS = {
  'oidc-provider': '9.13.3',
  'better-auth': '1.7.5',
  '@better-auth/api-key': '1.7.5',
  '@better-auth/core': '1.7.5',
  '@better-auth/utils': '0.4.2',
  'better-call': '1.4.0',
} as const

const FOLDER = fileURLToPath(new URL('../../node_modules/.cache/mintmark/peers', import.meta.url))

/** @throws {Error} if npm could not install them */
export function installPeers(): void {
  if (Object.entries(PEERS).every(([name, version]) => installed(name) === version)) return
  mkdirSync(FOLDER, { recursive: true })
  writeFileSync(join(FOLDER, 'package.json'), JSON.stringify({ private: true, dependencies: PEERS }, null, 2))
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund']
  const { status } = spawnSync('npm', ['install', '--prefix', FOLDER, ...flags], {
    cwd: FOLDER,
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) throw new Error('npm could not install what is to be compared.')
}

function installed(name: string): string | null {
  const file = join(FOLDER, 'node_modules', name, 'package.json')
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version : null
}

/** @param file a file of an installed package: the compiler must not look for what may not be there yet */
export const importPeer = async <T>(file: string): Promise<T> =>
  (await import(pathToFileURL(join(FOLDER, 'node_modules', file)).href)) as T
