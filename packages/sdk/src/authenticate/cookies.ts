/** All values that a request has for a cookie; browsers send several if several paths or domains set it. */
export function cookieValues(headers: { get(name: string): string | null }, name: string): readonly string[] {
  return (headers.get('cookie') ?? '').split(';').flatMap((pair) => {
    const at = pair.indexOf('=')
    return at !== -1 && pair.slice(0, at).trim() === name ? [pair.slice(at + 1).trim()] : []
  })
}
