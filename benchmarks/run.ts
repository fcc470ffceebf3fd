/** `npm run bench`, or `npm run bench -- sdk`, `peers` or `growth`: runs one of the benchmarks; what follows its name is for it. */
const BENCHMARKS: Readonly<Record<string, () => Promise<unknown>>> = {
  server: () => import('./server.ts'),
  sdk: () => import('./sdk.ts'),
  peers: () => import('./peers/main.ts'),
  growth: () => import('./growth.ts'),
}

const [first = 'server'] = process.argv.slice(2)
const name = first.startsWith('-') ? 'server' : first
const run = BENCHMARKS[name]
if (run === undefined) {
  console.error(`There is no benchmark ${name}; there are ${Object.keys(BENCHMARKS).join(', ')}.`)
  process.exit(2)
}
if (first === name) process.argv.splice(2, 1)
await run()
