/** What ends a command with one sentence on stderr. */
export class CliError extends Error {
  override readonly name = 'CliError'
  /** 1: it could not be done. 2: the call itself was wrong. */
  readonly exitCode: 1 | 2

  constructor(message: string, exitCode: 1 | 2 = 1, options?: ErrorOptions) {
    super(message, options)
    this.exitCode = exitCode
  }
}
