import { say } from '../output.ts'
import type { Server } from './which-server.ts'

/** Tells who runs the command that a key is about to leave this machine unencrypted. */
export function warnOfPlainHttp({ url, isOwn }: Server): void {
  const { protocol, hostname } = new URL(url)
  if (isOwn || protocol === 'https:' || LOOPBACK.test(hostname)) return
  say(`mintmark: warning: the key goes to ${url} unencrypted, for anybody on the way to read. Use https.`)
}

/** As `URL` writes hosts: addresses of all forms are whole and in lower case. */
const LOOPBACK = /^(?:127\.\d+\.\d+\.\d+|\[::1\]|(?:.+\.)?localhost)$/
