import type { CallError } from '../core/errors.ts'

/**
 * Is that the authority's word that the token is not active? A proxy's own 404 has no such code, and a path
 * that the authority does not know says so: both mean a wrong address and nothing about the token.
 */
export const saysNotActive = (error: CallError): boolean =>
  'statusCode' in error &&
  error.statusCode === 404 &&
  error.code === 'resource_not_found' &&
  error.errors[0]?.meta?.['reason'] !== 'unknown_endpoint'
