/** The secrets of a run, in every form in which one could leak, and the search for them in anything. */
import { decodeBase62 } from '../../packages/server/src/core/secrets/base62.ts'

export interface Canaries {
  add(name: string, secret: string): void
  /** Secrets that can be put into wrong places, by their names. */
  readonly secrets: ReadonlyMap<string, string>
  /** @returns which secrets are in it, and in what form */
  findIn(bytes: Uint8Array | string): string[]
}

interface Needle {
  readonly name: string
  readonly bytes: Buffer
}

export function createCanaries(masterKey: string): Canaries {
  const secrets = new Map<string, string>()
  const needles: Needle[] = masterKeyForms(masterKey)
  return {
    secrets,
    add(name, secret) {
      if (secrets.has(name)) throw new Error(`there is a secret ${name} already`)
      secrets.set(name, secret)
      const forms = { whole: secret, 'middle 40': middle(secret), ...innerForms(secret) }
      for (const [form, bytes] of Object.entries(forms)) {
        needles.push({ name: `${name}, ${form}`, bytes: Buffer.from(bytes) })
      }
    },
    findIn(bytes) {
      const haystack = Buffer.from(bytes)
      return needles.filter((needle) => haystack.includes(needle.bytes)).map(({ name }) => name)
    },
  }
}

function masterKeyForms(hex: string): Needle[] {
  const raw = Buffer.from(hex, 'hex')
  const forms = {
    hex,
    'upper hex': hex.toUpperCase(),
    'middle of hex': middle(hex),
    base64: raw.toString('base64').replace('=', ''),
    base64url: raw.toString('base64url'),
    raw,
  }
  return Object.entries(forms).map(([form, bytes]) => ({
    name: `master key, ${form}`,
    bytes: Buffer.from(bytes),
  }))
}

/** What makes a secret one: the signature of a JWT, the tag of one of ours. The rest of either is public. */
function innerForms(secret: string): Record<string, string | Uint8Array> {
  const signature = secret.split('.')[2]
  if (signature !== undefined) {
    const raw = Buffer.from(signature, 'base64url')
    return { 'middle of signature': middle(signature), 'raw signature': raw.subarray(64, 128) }
  }
  const body = /(?:^|_)([0-9A-Za-z]{45})[0-9A-Za-z]{6}$/.exec(secret)?.[1]
  const bytes = body === undefined ? null : decodeBase62(body, 33)
  if (bytes === null) throw new Error('a secret of a shape that is not known')
  const tag = Buffer.from(bytes.subarray(-16))
  return { 'raw tag': tag, 'tag in hex': tag.toString('hex'), 'tag in base64': tag.toString('base64url') }
}

/** A secret that was cut at either end has this still. */
function middle(text: string): string {
  const start = Math.max(0, Math.floor((text.length - 40) / 2))
  return text.slice(start, start + 40)
}
