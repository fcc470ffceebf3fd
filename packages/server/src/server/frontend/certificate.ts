/** The certificate of the frontend listener: the operator's own or, for development, one that this makes itself. */
import { createPrivateKey, webcrypto, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ConfigError } from '../config.ts'
import type { Config } from '../settings.ts'

export interface Certificate {
  /** The chain, in PEM. */
  readonly certificate: string
  /** The private key, in PEM. */
  readonly key: string
}

/** @returns `null` for plain HTTP. @throws {ConfigError} if one is missing, cannot be read, or they do not belong together */
export function readCertificate({
  frontendCertificate,
  frontendKey,
}: Pick<Config, 'frontendCertificate' | 'frontendKey'>): Certificate | null {
  if (frontendCertificate === null && frontendKey === null) return null
  if (frontendCertificate === null || frontendKey === null) {
    throw new ConfigError(
      'frontendCertificate and frontendKey go together: give both, or neither for plain HTTP.',
    )
  }
  const certificate = readPem('frontendCertificate', frontendCertificate)
  const key = readPem('frontendKey', frontendKey)
  try {
    if (new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))) return { certificate, key }
  } catch (error) {
    throw new ConfigError('frontendCertificate or frontendKey is not in PEM.', { cause: error })
  }
  throw new ConfigError('frontendKey is not the key of frontendCertificate.')
}

function readPem(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    throw new ConfigError(`${name}: ${path} cannot be read (${code}).`, { cause: error })
  }
}

/** Browsers take every name that ends so for this machine. */
export const DEV_HOST = 'clerk.localhost'
/** All that the self-made certificate is for. Not every program and every machine knows the name above. */
const DEV_HOSTS = [DEV_HOST, 'localhost', '127.0.0.1']

/** Whether a self-made certificate would do for that origin. */
export function isForDevelopment(origin: string): boolean {
  const { protocol, hostname } = new URL(origin)
  return protocol === 'https:' && DEV_HOSTS.includes(hostname)
}

const CERTIFICATE_FILE = 'frontend.crt'
const KEY_FILE = 'frontend.key'
const LIFETIME_MS = 365 * 86_400_000
/** One that ends within that time is made anew. */
const LEAST_LEFT_MS = 30 * 86_400_000

/** For development: the one that the data folder has, else a new one, which no browser trusts unless it is told to. */
export async function devCertificate(folder: string, now: number): Promise<Certificate> {
  const [certificatePath, keyPath] = [join(folder, CERTIFICATE_FILE), join(folder, KEY_FILE)]
  if (existsSync(certificatePath) && existsSync(keyPath)) {
    const kept = readCertificate({ frontendCertificate: certificatePath, frontendKey: keyPath })!
    if (new X509Certificate(kept.certificate).validToDate.getTime() - now > LEAST_LEFT_MS) return kept
  }
  const made = await makeCertificate(now)
  writeFileSync(keyPath, made.key, { mode: 0o600 })
  writeFileSync(certificatePath, made.certificate, { mode: 0o600 })
  return made
}

async function makeCertificate(now: number): Promise<Certificate> {
  // It is for development only, and takes a while to load.
  await import('reflect-metadata') // which it asks for, and does not bring
  const x509 = await import('@peculiar/x509')
  x509.cryptoProvider.set(webcrypto as never)
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${DEV_HOST}, O=Mintmark for development`,
    notBefore: new Date(now - 86_400_000),
    notAfter: new Date(now + LIFETIME_MS),
    signingAlgorithm: algorithm,
    keys: keys as never,
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        DEV_HOSTS.map((value) => ({
          type: /^[\d.]+$/.test(value) ? ('ip' as const) : ('dns' as const),
          value,
        })),
      ),
    ],
  })
  const key = Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  const lines = key.match(/.{1,64}/g)!.join('\n')
  return {
    certificate: certificate.toString('pem'),
    key: `-----BEGIN PRIVATE KEY-----\n${lines}\n-----END PRIVATE KEY-----\n`,
  }
}
