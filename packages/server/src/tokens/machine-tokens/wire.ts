/** Machine tokens on the wire: durations in seconds, the JWT's dates too. */
import { z } from 'zod'
import { operation } from '../../core/operation.ts'
import { jsonObjectUpTo, LONGEST_CLAIMS, wholeSeconds } from '../../core/schemas.ts'
import { SUBJECT_PATTERN } from './machine-token.ts'

const DEFAULT_LIFETIME = 30
const DEFAULT_CLOCK_SKEW = 5

export const createMachineTokenOperation = operation({
  id: 'machineTokens.create',
  method: 'POST',
  path: '/v1/machine_tokens',
  summary: 'Issue a short-lived JWT for a machine.',
  description: 'The machine need not be known to the authority. The token cannot be listed or revoked.',
  callers: 'instance',
  dialect: 'form',
  body: z.strictObject({
    machine_id: z.string().max(96).regex(SUBJECT_PATTERN, 'must be the id of a machine'),
    claims: jsonObjectUpTo(LONGEST_CLAIMS).nullish(),
    expires_in_seconds: wholeSeconds(30)
      .nullish()
      .transform((value) => value ?? DEFAULT_LIFETIME)
      .describe(`${DEFAULT_LIFETIME} if null or absent.`),
    allowed_clock_skew: z
      .int()
      .min(0)
      .max(300)
      .nullish()
      .transform((value) => value ?? DEFAULT_CLOCK_SKEW)
      .describe(`Seconds, ${DEFAULT_CLOCK_SKEW} if null or absent.`),
  }),
  success: 200,
  response: z.object({ object: z.literal('token'), jwt: z.string() }).meta({ id: 'MachineToken' }),
  errors: ['machine_token_reserved_claim'],
})
