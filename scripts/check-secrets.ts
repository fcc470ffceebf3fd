/**
 * Guards: nothing is published that should have stayed on one machine. No secret of this authority that its
 * checksum proves to be one, no private key, and no path or name of the computer that it was written on.
 */
import { homedir, hostname } from 'node:os'
import { dirname } from 'node:path'
import { crc32 } from 'node:zlib'
import { encodeBase62 } from '../packages/server/src/core/secrets/base62.ts'
import { SECRET_PATTERN } from '../packages/server/src/core/secrets/secrets.ts'
import { createFindings } from './findings.ts'
import { findFiles, lineAt, readText, ROOT } from './tree.ts'

const CHECK_WIDTH = 6
const PRIVATE_KEY = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----(?:\s|\\n|[A-Za-z0-9+/=]){40,}/g
/** A home folder of somebody: `/home/you` and the like are for anybody. */
const HOME = /\/(?:home|Users)\/(?!(?:you|user|me|node|runner|mintmark)\b)[a-z][\w.-]*\//g
/** Folders that any machine has, and that a page may well name. */
const COMMON = new Set(
  '/ /app /builds /home /mnt /opt /root /srv /tmp /usr /usr/src /var /var/lib /workspace'.split(' '),
)

const findings = createFindings()
const machine = namesOfThisMachine()
const files = findFiles('**/*', '.*', '.*/**/*').filter((path) => !/\.(?:png|ico|woff2|gz|db)$/.test(path))
for (const path of files) check(path, readText(path))
findings.end(`${files.length} files`)

function check(path: string, text: string): void {
  const fail = (position: number, message: string) =>
    findings.fail(`${path}:${lineAt(text, position)}`, message)
  for (const { 0: candidate, index } of text.matchAll(new RegExp(SECRET_PATTERN, 'g'))) {
    // What was found is not printed: this goes into logs.
    if (isGenuine(candidate)) fail(index, 'holds a secret with a valid checksum')
  }
  for (const { index } of text.matchAll(PRIVATE_KEY)) fail(index, 'holds a private key')
  for (const { 0: home, index } of text.matchAll(HOME)) fail(index, `names the home folder ${home}`)
  for (const name of machine) {
    const index = text.indexOf(name)
    if (index !== -1) fail(index, 'names this computer or the folder that the project is in')
  }
}

/** A testing token has the time before its prefix, and its checksum is over what follows. */
function isGenuine(candidate: string): boolean {
  const secret = candidate.replace(/^\d{10}-/, '')
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, crc32(secret.slice(0, -CHECK_WIDTH)))
  return encodeBase62(bytes) === secret.slice(-CHECK_WIDTH)
}

/** Only names that cannot mean anything else; a computer may be called just what a page is about. */
function namesOfThisMachine(): readonly string[] {
  const folders = [ROOT, dirname(ROOT), homedir()].filter((folder) => !COMMON.has(folder))
  const host = hostname()
  return [...folders.map((folder) => `${folder}/`), ...(/^(?=.*\d)[\w.-]{8,}$/.test(host) ? [host] : [])]
}
