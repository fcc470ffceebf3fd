#!/usr/bin/env node
// Plain JavaScript of an old kind, so that it can say what is missing on any Node.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 24 || (major === 24 && minor < 15)) {
  console.error(
    `mintmark needs Node 24.15 or newer; this is ${process.versions.node}. In a clone, use npx mintmark.`,
  )
  process.exit(1)
}
const { mkdirSync } = await import('node:fs')
const { enableCompileCache } = await import('node:module')
// Beside the program and not in Node's own place, a shared /tmp: whoever could write there could write what runs here.
// Where the program may not write, there is none, and it starts a little later.
const cache = `${import.meta.dirname}/../.compile-cache`
try {
  mkdirSync(cache, { mode: 0o700 })
} catch {
  // It is there, or cannot be.
}
enableCompileCache(cache)
const { main } = await import('../dist/cli.js')
process.exitCode = await main(process.argv.slice(2))
