/**
 * Mass revocation, in SQL. Nothing is written to the tokens: an instant stands with the machine, the signing key or
 * the instance, and what was issued until then is revoked.
 */

type Holder = 'instances' | 'machines' | 'signing_keys'

/**
 * Sets the instant, unless a later one stands: a revocation is never taken back.
 *
 * @returns a statement whose parameters are the instant, the instant again, and the id (of the row and, if it is
 *   not an instance itself, of its instance); it changes one row if there is such a one
 */
export const raiseTokensNotBefore = (table: Holder): string =>
  `update ${table} set tokens_not_before = case when tokens_not_before > ? then tokens_not_before else ? end
  where id = ?${table === 'instances' ? '' : ' and instance_id = ?'}`
