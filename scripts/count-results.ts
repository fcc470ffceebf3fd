/**
 * Guards: the last line of `.ci/run` counts every test and every check, and what could not even begin is a
 * failure. Its argument says whether the tests ended well, since a run can fail beside its tests.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CACHE } from './tree.ts'

interface TestResults {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly testResults: readonly { readonly status: string; readonly assertionResults: readonly unknown[] }[]
}

const [testsStatus = '1', checksStatus = '1'] = process.argv.slice(2)
const tests = countTests(read<TestResults>('test-results.json'), testsStatus === '0')
const checks = countChecks(read<readonly { passed: boolean }[]>('check-results.json'), checksStatus === '0')
console.log(`${tests.passed + checks.passed} passed, ${tests.failed + checks.failed} failed`)

function read<T>(name: string): T | null {
  const path = join(CACHE, name)
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : null
}

interface Count {
  readonly passed: number
  readonly failed: number
}

function countTests(results: TestResults | null, endedWell: boolean): Count {
  const { numPassedTests: passed = 0, numFailedTests = 0, testResults = [] } = results ?? {}
  // A file that could not be loaded has no tests to count.
  const unloaded = testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  )
  return atLeastOneFailure({ passed, failed: numFailedTests + unloaded.length }, endedWell)
}

function countChecks(results: readonly { passed: boolean }[] | null, endedWell: boolean): Count {
  const passed = results?.filter((each) => each.passed).length ?? 0
  return atLeastOneFailure({ passed, failed: (results?.length ?? 0) - passed }, endedWell)
}

function atLeastOneFailure(count: Count, endedWell: boolean): Count {
  return endedWell || count.failed > 0 ? count : { ...count, failed: 1 }
}
