/** Reads the environment when it is needed, and only on a platform that has one. */
export function fromEnvironment(name: 'SECRET_KEY' | 'MACHINE_SECRET_KEY' | 'API_URL'): string | undefined {
  const { process } = globalThis as { process?: { env?: Record<string, string | undefined> } }
  return process?.env?.[`MINTMARK_${name}`] || process?.env?.[`CLERK_${name}`] || undefined
}
