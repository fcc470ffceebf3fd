import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromWire, toWire } from './casing.ts'

/** Names as the authority chooses them. */
const wireName = fc.stringMatching(/^[a-z]+(?:_[a-z]+){0,3}$/)
const verbatim = fc.constantFrom('claims', 'actor', 'keys', 'public_metadata', 'private_metadata')

describe('the names of the wire', () => {
  it('come back from camelCase as they were', () => {
    fc.assert(
      fc.property(fc.dictionary(wireName, fc.integer()), (fields) => {
        expect(toWire(fromWire(fields) as object)).toEqual({ ...fields })
      }),
    )
  })

  it('are rewritten at every depth, but not in what is the user’s own', () => {
    fc.assert(
      fc.property(verbatim, fc.jsonValue(), (name, value) => {
        const read = fromWire({ outer_name: { [name]: value } }) as { outerName: object }
        expect(Object.values(read.outerName)).toEqual([value])
      }),
    )
  })

  // `__proto__` as a name of JSON must stay a name: assigning it would change what every object inherits.
  it('may be such as the language has a meaning for', () => {
    fc.assert(
      fc.property(fc.constantFrom('__proto__', 'constructor', 'prototype', 'toString'), (name) => {
        const read = fromWire(JSON.parse(`{"${name}":{"polluted":true}}`))
        expect(Object.getPrototypeOf(read)).toBe(Object.prototype)
        expect((read as { polluted?: boolean }).polluted).toBeUndefined()
        expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
        expect(Object.getPrototypeOf(toWire(JSON.parse(`{"${name}":1}`) as object))).toBe(Object.prototype)
      }),
    )
  })
})
