import { say } from '../../../output.ts'

/** A link to where keys are asked for leads nobody anywhere: browsers have an origin of their own. */
export function warnOfNoFrontend(link: string, { url }: { readonly url: string }): void {
  if (!URL.canParse(link) || new URL(link).origin !== new URL(url).origin) return
  say('This server has no frontend, so nobody answers the link: start it with --frontend-port.')
}
