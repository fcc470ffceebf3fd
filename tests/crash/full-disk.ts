/** A server whose disk is small enough to fill, in two ways. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { closeSync, cpSync, openSync, rmSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { BIN, cleanEnvironment, temporaryFolder } from '../support/server-process.ts'

export interface FullDiskServer {
  readonly url: string
  readonly env: Readonly<Record<string, string>>
  fill(): void
  free(): void
  /** The data folder as it is on that disk, in a new folder outside. */
  copy(): string
  /** @returns the exit code */
  stop(): Promise<number | null>
}

export interface Disk {
  readonly name: string
  start(): Promise<FullDiskServer>
}

const SIZE = 2_097_152

/**
 * No file may grow past two megabytes, so that the write-ahead log ends before SQLite would empty it: writes
 * fail with EFBIG. Whoever is not under the limit can empty it. Any POSIX shell can set the limit, in
 * blocks of 512 bytes, and no right is needed.
 */
const limitedFiles: Disk = {
  name: 'where files may not grow',
  async start() {
    const data = temporaryFolder()
    const server = await startIn(data, 'sh', ['-c', `ulimit -S -f ${SIZE / 512} && exec "$0" "$@"`])
    return {
      ...server,
      fill: () => {},
      free() {
        const database = new DatabaseSync(join(data, 'mintmark.db'), { timeout: 10_000 })
        database.exec('pragma wal_checkpoint(truncate)')
        database.close()
      },
      copy: () => copyOf(data),
      async stop() {
        const code = await server.stop()
        rmSync(data, { recursive: true, force: true })
        return code
      },
    }
  },
}

/** More than the write-ahead log of the whole test, which nobody empties before its end. */
const FILE_SYSTEM_SIZE = 4_194_304

/**
 * A small file system in memory, which only the server sees: writes fail with ENOSPC. It is
 * mounted in a namespace of its own, and is gone with the process however that ends.
 */
const smallFileSystem: Disk = {
  name: 'on a file system that is full',
  async start() {
    const data = temporaryFolder()
    const server = await startIn(data, 'unshare', [
      '-rm',
      'sh',
      '-c',
      `mount -t tmpfs -o size=${FILE_SYSTEM_SIZE} none "${data}" && exec "$0" "$@"`,
    ])
    const seen = join('/proc', String(server.child.pid), 'root', data)
    return {
      ...server,
      fill: () => fillWithZeros(join(seen, 'filler')),
      free: () => rmSync(join(seen, 'filler')),
      copy: () => copyOf(seen),
      async stop() {
        const code = await server.stop()
        rmSync(data, { recursive: true, force: true })
        return code
      },
    }
  },
}

/** The second needs Linux and the right to make namespaces, which not every machine gives. */
export const DISKS: readonly Disk[] = [
  limitedFiles,
  ...(spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt']).status === 0
    ? [smallFileSystem]
    : []),
]

function copyOf(data: string): string {
  const copy = temporaryFolder()
  cpSync(data, copy, { recursive: true, filter: (file) => !file.endsWith('filler') })
  return copy
}

function fillWithZeros(path: string): void {
  const file = openSync(path, 'w')
  try {
    for (const size of [65_536, 4_096, 1]) writeUntilFull(file, Buffer.alloc(size))
  } finally {
    closeSync(file)
  }
}

function writeUntilFull(file: number, bytes: Buffer): void {
  try {
    for (;;) if (writeSync(file, bytes) < bytes.length) return
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  }
}

/** `mintmark dev` in a wrapper that replaces itself by it. */
async function startIn(
  data: string,
  wrapper: string,
  args: readonly string[],
): Promise<Pick<FullDiskServer, 'url' | 'env' | 'stop'> & { child: ChildProcess }> {
  const dev = [process.execPath, BIN, 'dev', '--json', '--port', '0', '--log-level', 'silent', '--data', data]
  const child = spawn(wrapper, [...args, ...dev], {
    env: cleanEnvironment(),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  let out = ''
  for await (const text of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    out += text
    if (out.endsWith('}\n')) break
  }
  if (out === '') throw new Error('mintmark dev ended before it was ready')
  const { url, env } = JSON.parse(out)
  return {
    url,
    env,
    child,
    stop() {
      child.kill('SIGTERM')
      return ended
    },
  }
}
