/**
 * Reads the environment when it is needed, and only on a platform that has one. Names begin with `MINTMARK_`
 * or `CLERK_`, and those of one call with the same, so that no product's key goes to the other's address:
 * with `CLERK_` if only that address is set. A program that chose the address itself may have its key under
 * either name.
 */
export function fromEnvironment(
  name: 'SECRET_KEY' | 'MACHINE_SECRET_KEY' | 'API_URL',
  chosenUrl?: string,
): string | undefined {
  const env = (globalThis as Platform).process?.env ?? {}
  const ours = env[`MINTMARK_${name}`]
  const theirs = env[`CLERK_${name}`]
  if (chosenUrl) return ours || theirs
  return env.CLERK_API_URL && !env.MINTMARK_API_URL ? theirs : ours
}

interface Platform {
  readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> }
}
