#!/usr/bin/env node
// Plain JavaScript of an old kind, so that it can say what is missing on any Node.
const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 24 || (major === 24 && minor < 15)) {
  console.error(`mintmark needs Node 24.15 or newer; this is ${process.versions.node}.`)
  process.exit(1)
}
const { enableCompileCache } = await import('node:module')
enableCompileCache()
const { main } = await import('../dist/cli.js')
process.exitCode = await main(process.argv.slice(2))
