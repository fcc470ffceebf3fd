import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { ConfigError } from './config.ts'

/**
 * Says where a request came from. Behind trusted proxies that is the last address in X-Forwarded-For that
 * no trusted proxy has; from anyone else the header is not looked at, so nobody can choose his address.
 *
 * @throws {ConfigError} for an entry that is neither an address nor a CIDR range
 */
export function createAddressOf(
  trustedProxies: readonly string[],
): (request: IncomingMessage) => string | null {
  const trusted = new BlockList()
  for (const entry of trustedProxies) addTo(trusted, entry)
  const isTrusted = (address: string) =>
    isIP(address) !== 0 && trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')

  return (request) => {
    const peer = plain(request.socket.remoteAddress ?? '')
    if (peer === '') return null
    if (trustedProxies.length === 0 || !isTrusted(peer)) return peer
    const header = request.headers['x-forwarded-for']
    const hops = typeof header === 'string' ? header.split(',').map((hop) => plain(hop.trim())) : []
    const client = hops.findLast((hop) => !isTrusted(hop))
    // A zone, after `%`, could be any text.
    return client !== undefined && isIP(client) !== 0 && !client.includes('%') ? client : peer
  }
}

function addTo(trusted: BlockList, entry: string): void {
  const [, address = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry) ?? []
  const version = isIP(address)
  const length = Number(prefix ?? (version === 6 ? 128 : 32))
  // The library ignores a range of everything, so it is refused rather than believed.
  if (version === 0 || length === 0 || length > (version === 6 ? 128 : 32)) {
    throw new ConfigError(`Setting trustedProxies has an entry that is neither an address nor a CIDR range.`)
  }
  trusted.addSubnet(address, length, version === 6 ? 'ipv6' : 'ipv4')
}

/** An IPv4 address as a dual-stack socket shows it, without its IPv6 dress. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/, '')
