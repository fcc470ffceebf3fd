import { describe, expect, it } from 'vitest'
import { AuthorityError, unavailable } from '../../core/errors.ts'
import { faultOf } from './sqlstate.ts'

const withCode = (code: string) => Object.assign(new Error('of the driver'), { code })

describe('an error of the database', () => {
  it.each([
    ...['08006', '08003', '57P01', '57P02', '57P03', '25P03', '0A000', '26000'].map((code) => [code, 'lost']),
    ...['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND'].map((code) => [code, 'lost']),
    ['25006', 'read_only'],
    ...['40001', '40P01', '23505'].map((code) => [code, 'conflict']),
    ...['23503', '42P01', '22021', '53100', '57014', '55P03', '25P02'].map((code) => [code, 'other']),
  ])('%s means %s, also as the cause of ours', (code, fault) => {
    expect([faultOf(withCode(code)), faultOf(unavailable(withCode(code)))]).toEqual([fault, fault])
  })

  it('without a code is one of the network', () => {
    expect(faultOf(new Error('Connection terminated unexpectedly'))).toBe('lost')
  })

  // Stops a refusal from being tried again and again.
  it('is none if the work itself refuses', () => {
    expect(faultOf(new AuthorityError('resource_not_found'))).toBe('other')
    expect(faultOf(new AuthorityError('service_unavailable'))).toBe('other')
  })
})
