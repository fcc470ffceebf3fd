/** A command that somebody stops while it is at something long: it puts right what it can, and says where it was. */
import { say } from '../output.ts'

/** As shells have them of a program that a signal has ended. */
const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const
const SIGNALS = Object.keys(EXIT_CODES) as (keyof typeof EXIT_CODES)[]

/**
 * Ends the process at a signal. What stands on the disk then must be good as it is, or removed by `onInterrupt`.
 *
 * @param onInterrupt does at once what is to be done, and gives the sentence for the user
 */
export async function whileInterruptible<T>(onInterrupt: () => string, work: () => Promise<T>): Promise<T> {
  const onSignal = (signal: NodeJS.Signals) => {
    // The line of progress, and the ^C that the terminal has put there.
    if (process.stderr.isTTY) process.stderr.write('\r\u001b[K')
    say(onInterrupt())
    process.exit(EXIT_CODES[signal as keyof typeof EXIT_CODES])
  }
  for (const signal of SIGNALS) process.on(signal, onSignal)
  try {
    return await work()
  } finally {
    for (const signal of SIGNALS) process.off(signal, onSignal)
  }
}
