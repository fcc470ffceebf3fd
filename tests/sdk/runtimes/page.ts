/** The suite as a script of a page. The page is asked for `results`. */
import { run, type Given } from './suite.ts'

const given = fetch('/given').then((response) => response.json() as Promise<Given>)
Object.assign(globalThis, { results: given.then(run) })
