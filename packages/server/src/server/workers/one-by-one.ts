/** Asked for while it runs, it runs once more, however often it was asked for. */
export function oneByOne(run: () => Promise<void>, onError: (error: unknown) => void): () => void {
  let asked = false
  let running = false
  async function runWhileAsked(): Promise<void> {
    running = true
    try {
      for (; asked; await run()) asked = false
    } finally {
      running = false
    }
  }
  return () => {
    asked = true
    if (!running) runWhileAsked().catch(onError)
  }
}
