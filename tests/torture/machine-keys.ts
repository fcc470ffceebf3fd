/** Makes the two machines that clients of a torture test are: one issues and revokes, the other verifies. */
export interface MachineKeys {
  readonly CLERK_MACHINE_SECRET_KEY: string
  readonly MINTMARK_API_MACHINE_SECRET_KEY: string
}

/** @param secretKey of an instance that `url` serves */
export async function createMachineKeys(url: string, secretKey: string): Promise<MachineKeys> {
  const create = async (body: object): Promise<{ id: string; secret_key: string }> => {
    const response = await fetch(`${url}/v1/machines`, {
      method: 'POST',
      headers: { authorization: `Bearer ${secretKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    if (!response.ok) throw new Error(`A machine could not be made: ${response.status}`)
    return (await response.json()) as { id: string; secret_key: string }
  }
  const api = await create({ name: 'api' })
  const worker = await create({ name: 'worker', scoped_machines: [api.id] })
  return {
    CLERK_MACHINE_SECRET_KEY: worker.secret_key,
    MINTMARK_API_MACHINE_SECRET_KEY: api.secret_key,
  }
}
