/**
 * The first of `names` that an object has, in any spelling that some program reads as the same: Go's JSON decoder
 * takes `Sub` and even `ſub` for `sub`, and the last of them wins.
 */
export function claimIn<Name extends string>(
  claims: Readonly<Record<string, unknown>>,
  names: readonly Name[],
): Name | undefined {
  const given = new Set(Object.keys(claims).map(folded))
  return names.find((name) => given.has(name))
}

const folded = (name: string): string => name.normalize('NFKC').toLowerCase()
