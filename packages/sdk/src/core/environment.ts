/**
 * Reads the environment when it is needed, and only on a platform that has one: our own name of a variable
 * before the one that programs for Clerk's clients have.
 */
export function fromEnvironment(name: 'SECRET_KEY' | 'MACHINE_SECRET_KEY' | 'API_URL'): string | undefined {
  const env = (globalThis as Platform).process?.env
  return env?.[`MINTMARK_${name}`] || env?.[`CLERK_${name}`]
}

interface Platform {
  readonly process?: { readonly env?: Readonly<Record<string, string | undefined>> }
}
