/** Those who issue tokens, each with one way to end all of theirs at once. */
import { runCli } from '../support/server-process.ts'

export interface Group {
  readonly name: string
  readonly secretKey: string
  /** Of its instance's frontend. */
  readonly frontendHost: string
  /** Of the machine that issues and revokes, and of the one that verifies. */
  readonly issuerKey: string
  readonly verifierKey: string
  /** What a bulk revocation says; `null` for a group that has none. */
  readonly bulk: (() => object) | null
  readonly formats: readonly ('opaque' | 'jwt')[]
}

const BOTH = ['opaque', 'opaque', 'opaque', 'jwt'] as const

/** @param environment of the command line: whose database it is, and the master key */
export async function createGroups(url: string, environment: Record<string, string>): Promise<Group[]> {
  const machines = await createInstance('machines', environment)
  const whole = await createInstance('whole', environment)
  const signed = await createInstance('signed', environment)
  const keyId: string = (await ask(url, signed.secretKey, '/v1/signing_keys')).data[0].id
  return [
    await createGroup(url, machines, 'steady', BOTH),
    await createGroup(url, machines, 'machine', BOTH, (subject) => () => ({ subject })),
    await createGroup(url, whole, 'instance', BOTH, () => () => ({ issued_before: Date.now() })),
    await createGroup(url, signed, 'key', ['jwt'], () => () => ({ signing_key_id: keyId })),
  ]
}

interface Instance {
  readonly secretKey: string
  readonly frontendHost: string
}

async function createInstance(name: string, environment: Record<string, string>): Promise<Instance> {
  const frontendHost = `clerk.${name}.example`
  const flags = ['--json', '--name', name, '--frontend-origin', `https://${frontendHost}`]
  const { code, stdout, stderr } = await runCli(['instances', 'create', ...flags], environment)
  if (code !== 0) throw new Error(`An instance could not be made: ${stderr}`)
  const { secretKey } = JSON.parse(stdout) as { secretKey: string }
  return { secretKey, frontendHost }
}

async function createGroup(
  url: string,
  instance: Instance,
  name: string,
  formats: Group['formats'],
  bulkOf?: (subject: string) => () => object,
): Promise<Group> {
  const { secretKey } = instance
  const verifier = await ask(url, secretKey, '/v1/machines', { name: `${name} verifier` })
  const issuer = await ask(url, secretKey, '/v1/machines', {
    name: `${name} issuer`,
    scoped_machines: [verifier.id],
    // No token of a history may expire within it, not even by a clock that is an hour ahead.
    default_token_ttl: 86_400,
  })
  return {
    name,
    ...instance,
    issuerKey: issuer.secret_key,
    verifierKey: verifier.secret_key,
    bulk: bulkOf?.(issuer.id) ?? null,
    formats,
  }
}

// oxlint-disable-next-line typescript/no-explicit-any -- answers are looked into as they come
async function ask(url: string, key: string, path: string, body?: object): Promise<any> {
  const response = await fetch(url + path, {
    method: body === undefined ? 'GET' : 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return response.json()
}
