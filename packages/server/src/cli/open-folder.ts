/** Opens a data folder for a command that works beside a server, running or not. */
import type { Authority } from '../authority.ts'
import { composeAuthority } from '../server/compose.ts'
import { ConfigError } from '../server/config.ts'
import { readAddress, readMasterKeys, requireDatabase } from '../server/data-folder.ts'
import type { Config } from '../server/settings.ts'
import type { Instance } from '../directory/instances/instance.ts'

export async function withAuthority<T>(
  config: Config,
  work: (authority: Authority, url: string) => Promise<T>,
): Promise<T> {
  if (config.databaseUrl === null) requireDatabase(config.data)
  const address = readAddress(config.data)
  const url = config.publicUrl ?? address?.url ?? `http://${config.host}:${config.port}`
  // A command removes nothing: how long the server keeps tokens may be written where only that looks.
  const authority = await composeAuthority(
    { ...config, tokenRetention: Infinity },
    {
      masterKeys: readMasterKeys(config),
      publicUrl: url,
      frontendUrl: config.frontendUrl ?? address?.frontendUrl ?? null,
      onFatal: (error) => {
        throw error
      },
    },
  )
  try {
    return await work(authority, url)
  } finally {
    await authority.storage.close()
  }
}

/** The instance of that id or name, or the only one there is. */
export async function chooseInstance({ storage }: Authority, wanted: string | undefined): Promise<Instance> {
  const all = await storage.read.instances.list()
  if (all.length === 0)
    throw new ConfigError('There is no instance yet: make one with "mintmark instances create".')
  if (wanted === undefined) {
    if (all.length > 1)
      throw new ConfigError(
        'There are several instances: choose one with --instance. "mintmark instances list" shows them.',
      )
    return all[0]!
  }
  const chosen = all.filter(({ id, name }) => id === wanted || name === wanted)
  if (chosen.length !== 1)
    throw new ConfigError('No single instance has that id or name: "mintmark instances list" shows them.')
  return chosen[0]!
}
