import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createAddressOf } from './client-address.ts'
import { ConfigError } from './config.ts'

/** A request as a socket and its headers show it. */
const from = (peer: string | undefined, forwardedFor?: string) =>
  ({
    socket: { remoteAddress: peer },
    headers: forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor },
  }) as unknown as IncomingMessage

const PROXIES = ['10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::1']

// Stops callers from choosing the address that limits and audit events know them by.
describe('without trusted proxies', () => {
  it.each(['203.0.113.9', '10.0.0.1', '127.0.0.1', '2001:db8::1'])(
    '%s is who it says, whatever it forwards',
    (peer) => {
      const addressOf = createAddressOf([])
      expect(addressOf(from(peer))).toBe(peer)
      expect(addressOf(from(peer, '1.2.3.4'))).toBe(peer)
    },
  )
})

describe('with trusted proxies', () => {
  const addressOf = createAddressOf(PROXIES)

  it.each([
    ['the client of a proxy is the one it forwards', '10.1.2.3', '203.0.113.9', '203.0.113.9'],
    ['a proxy at an exact address is one', '192.0.2.7', '203.0.113.9', '203.0.113.9'],
    ['a proxy of version 6 is one', '2001:db8:1::5', '203.0.113.9', '203.0.113.9'],
    ['a proxy seen through a dual-stack socket is one', '::ffff:10.1.2.3', '203.0.113.9', '203.0.113.9'],
    ['a client may be of version 6', '10.1.2.3', '2001:db9::9', '2001:db9::9'],
    ['a client is shown without its IPv6 dress', '10.1.2.3', '::ffff:203.0.113.9', '203.0.113.9'],
    [
      'of a chain of proxies, what is before them counts',
      '10.1.2.3',
      '203.0.113.9, 10.9.9.9, 192.0.2.7',
      '203.0.113.9',
    ],
    ['spaces do not matter', '10.1.2.3', '  203.0.113.9 ,10.9.9.9', '203.0.113.9'],
  ])('%s', (_name, peer, header, address) => {
    expect(addressOf(from(peer, header))).toBe(address)
  })

  // Stops callers from putting an address of their choice before the one a proxy adds.
  it.each([
    ['what a client itself put in front', '10.1.2.3', '1.2.3.4, 203.0.113.9', '203.0.113.9'],
    ['a trusted address a client put in front', '10.1.2.3', '10.0.0.1, 203.0.113.9', '203.0.113.9'],
    ['a header from no proxy', '203.0.113.9', '1.2.3.4', '203.0.113.9'],
    ['a neighbour of an exact address', '192.0.2.8', '1.2.3.4', '192.0.2.8'],
    ['an address outside of the range', '11.0.0.1', '1.2.3.4', '11.0.0.1'],
    ['what stands before garbage', '10.1.2.3', '1.2.3.4, unknown', '10.1.2.3'],
    ['what stands before nothing', '10.1.2.3', '1.2.3.4,', '10.1.2.3'],
    ['an address with a port', '10.1.2.3', '1.2.3.4:80', '10.1.2.3'],
    ['a name', '10.1.2.3', 'localhost', '10.1.2.3'],
    ['a number', '10.1.2.3', '16909060', '10.1.2.3'],
    ['octal numbers', '10.1.2.3', '0001.2.3.4', '10.1.2.3'],
    ['a line end and a forged log line', '10.1.2.3', '1.2.3.4\r\nlevel=error', '10.1.2.3'],
    ['an empty header', '10.1.2.3', '', '10.1.2.3'],
  ])('%s is not believed', (_name, peer, header, address) => {
    expect(addressOf(from(peer, header))).toBe(address)
  })

  it('a request of a proxy itself has the address of the proxy', () => {
    expect(addressOf(from('10.1.2.3'))).toBe('10.1.2.3')
    expect(addressOf(from('10.1.2.3', '10.2.2.2, 10.3.3.3'))).toBe('10.1.2.3')
  })

  it('a socket that is gone has no address', () => {
    expect(addressOf(from(undefined, '1.2.3.4'))).toBeNull()
    expect(addressOf(from('', '1.2.3.4'))).toBeNull()
  })

  it('a link-local peer with its zone has its own address', () => {
    expect(addressOf(from('fe80::1%eth0', '1.2.3.4'))).toBe('fe80::1%eth0')
  })
})

// Stops a slip in the list from trusting other addresses than the operator meant, or none at all.
describe('an entry that is neither an address nor a CIDR range is refused:', () => {
  it.each([
    '',
    'localhost',
    '10.0.0',
    '10.0.0.0/',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8.5',
    '10.0.0.0/8/9',
    '10.0.0.0/ 8',
    '10.0.0.0/0x8',
    '10.0.0.0/1e1',
    '10.0.0.0/255.0.0.0',
    '10.0.0.256',
    '::1/129',
    '::g',
    '*',
  ])('%j', (entry) => {
    expect(() => createAddressOf(['10.0.0.0/8', entry])).toThrow(ConfigError)
  })

  it.each([
    ['0.0.0.0/1', '10.0.0.1'],
    ['10.0.0.1/32', '10.0.0.1'],
    ['2001:db8::/16', '2001:db8::9'],
    ['2001:db8::9/128', '2001:db8::9'],
  ])('but %s is a range that %s is in', (range, peer) => {
    expect(createAddressOf([range])(from(peer, '198.51.100.4'))).toBe('198.51.100.4')
  })
})
