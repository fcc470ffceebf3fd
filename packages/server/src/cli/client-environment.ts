/** What clients of an instance need to know, by the names their SDKs read from the environment. */
import type { Authority } from '../authority.ts'
import { publishableKeyOf, type Instance } from '../directory/instances/instance.ts'
import { instanceSecretOf } from '../directory/instances/secret-keys.ts'
import { machineSecretOf } from '../directory/machines/secret-keys.ts'
import type { Machine } from '../directory/machines/machine.ts'
import { signerOf } from '../signing/key-life.ts'
import { publicPemOf } from '../signing/signing-key.ts'

/** The two machines that `dev` makes. */
export const DEV_MACHINES = { caller: 'worker', callee: 'api' } as const

export async function clientEnvironment(
  { deps }: Authority,
  instance: Instance,
  url: string,
): Promise<Record<string, string>> {
  const { read, ring, clock, frontendOriginOf } = deps
  const key = await read.instances.newestSecretKey(instance.id)
  const signingKeys = await read.signingKeys.keysOf(instance.id)
  const signingKey = signerOf(signingKeys, 'token', clock.now())
  const worker = await oldestNamed(DEV_MACHINES.caller)
  const api = await oldestNamed(DEV_MACHINES.callee)

  async function oldestNamed(name: string): Promise<Machine | null> {
    const { machines } = await read.machines.list(instance.id, {
      search: name,
      orderBy: 'created_at',
      descending: false,
      limit: 100,
      offset: 0,
    })
    return machines.find((machine) => machine.name === name) ?? null
  }

  async function secretOf(machine: Machine | null): Promise<string | undefined> {
    const machineKey = machine && (await read.machines.newestSecretKey(instance.id, machine.id))
    return machineKey ? machineSecretOf(ring, machineKey) : undefined
  }

  const issuer = frontendOriginOf(instance)
  const all = {
    CLERK_API_URL: url,
    CLERK_SECRET_KEY: key === null ? undefined : instanceSecretOf(ring, key),
    CLERK_PUBLISHABLE_KEY: publishableKeyOf(instance, frontendOriginOf),
    CLERK_JWT_KEY: signingKey && publicPemOf(signingKey).trim(),
    CLERK_MACHINE_SECRET_KEY: await secretOf(worker),
    MINTMARK_API_MACHINE_SECRET_KEY: await secretOf(api),
    MINTMARK_WORKER_MACHINE_ID: worker?.id,
    MINTMARK_API_MACHINE_ID: api?.id,
    MINTMARK_INSTANCE_ID: instance.id,
    MINTMARK_ISSUER: issuer === url ? undefined : issuer,
  }
  return Object.fromEntries(
    Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
  )
}

/** Lines for a `.env` file. */
export const toDotenv = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(
      ([name, value]) =>
        `${name}=${value.includes('\n') ? `"${value.replaceAll('\n', String.raw`\n`)}"` : value}`,
    )
    .join('\n')

/** Lines for `eval` in a shell: exported, in single quotes, with real line ends. */
export const toShell = (variables: Readonly<Record<string, string>>): string =>
  Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", String.raw`'\''`)}'`)
    .join('\n')
