/** The release, as `package.json` has it; a check keeps the two alike. */
export const VERSION = '0.1.0'
