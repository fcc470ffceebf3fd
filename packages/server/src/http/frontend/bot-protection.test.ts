import { describe, expect, it } from 'vitest'
import { networkOf } from './bot-protection.ts'

describe('the network that a limit counts for', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:192.0.2.7', '192.0.2.7'],
  ])('is the address itself of %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })

  // Stops whoever has one of the 2^64 addresses of a line from using each for some more tries.
  it.each([
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:0002:ffff::1', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['::', '0:0:0:0::/64'],
  ])('is the first half of %s', (address, network) => {
    expect(networkOf(address)).toBe(network)
  })

  it.each([null, '', 'unknown', '1.2.3', '2001:db8'])(
    'is one for all that is no address, such as %s',
    (address) => {
      expect(networkOf(address)).toBe('')
    },
  )
})
