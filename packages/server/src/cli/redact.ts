/** Keeps secrets that were put into the wrong place out of messages. */

/** Keys and opaque tokens of this authority and of Clerk, testing tokens and JWTs. An `mt_` id is shorter. */
const SECRET =
  /(?:\b(?:sk_(?:test|live)|ak|mt|bt|rt)_|\b\d{10}-c_)[0-9A-Za-z]{33,}|\beyJ[\w-]+\.[\w-]+\.[\w-]*/g

export const redact = (text: string): string => text.replaceAll(SECRET, '(a secret)')

export const isSecret = (text: string): boolean => text.search(SECRET) !== -1
