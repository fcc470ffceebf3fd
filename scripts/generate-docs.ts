/** Guards: the reference says what the code does, because it is made from the code. `check-docs` compares. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { referencePages } from './docs/reference.ts'
import { ROOT } from './tree.ts'

for (const [path, text] of Object.entries(referencePages())) {
  mkdirSync(dirname(join(ROOT, path)), { recursive: true })
  writeFileSync(join(ROOT, path), text)
  console.log(path)
}
