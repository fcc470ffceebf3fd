/** How every check ends: what it found, one a line, and an exit code that says whether that is a failure. */

export interface Findings {
  /** @param where a path, with `:line` if there is one */
  fail(where: string, message: string): void
  /** Shown, and not a failure. */
  warn(where: string, message: string): void
  /** @param checked what was looked at, for whoever wonders whether anything was */
  end(checked: string): void
}

export function createFindings(): Findings {
  let failures = 0
  return {
    fail(where, message) {
      failures++
      console.log(`${where}  ${message}`)
    },
    warn: (where, message) => console.log(`warning: ${where}  ${message}`),
    end(checked) {
      console.log(failures === 0 ? `checked ${checked}` : `${failures} found in ${checked}`)
      if (failures > 0) process.exitCode = 1
    },
  }
}
