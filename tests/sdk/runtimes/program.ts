/** The suite as a program of Node or Bun: given as JSON in its argument, results as one line. */
import { run, type Given } from './suite.ts'

declare const process: { argv: string[] }

console.log(JSON.stringify(await run(JSON.parse(process.argv[2]!) as Given)))
