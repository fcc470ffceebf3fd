/** The page where a link ends. It runs nothing but its own scripts, and nobody can put it into a frame. */
import { publishableKeyOf, type FrontendOriginOf, type Instance } from '../../directory/instances/instance.ts'
import { toEnvironment } from '../../frontend/wire.ts'
import type { HttpRequest, HttpResponse } from '../exchange.ts'
import { FRONTEND_PATHS } from './paths.ts'

export interface PageFiles {
  readonly html: string
  readonly css: string
  readonly script: string
}

export interface ChallengePage {
  readonly siteKey: string
  /** The script that shows the challenge. */
  readonly script: string
}

export interface Page {
  /** `null` if the request is for something else. */
  find(request: HttpRequest, instance: Instance): HttpResponse | null
  /** What clerk-js is to know of the instance. */
  environmentOf(instance: Instance): unknown
}

export function createPage(
  files: PageFiles,
  frontendOriginOf: FrontendOriginOf,
  challenge: ChallengePage | null,
): Page {
  const policy = policyOf(challenge)
  const ownPage = (instance: Instance) => `${frontendOriginOf(instance)}/sign-in`
  return {
    find({ method, path }, instance) {
      if (method !== 'GET' && method !== 'HEAD') return null
      switch (path) {
        case FRONTEND_PATHS.signIn:
          return answer('text/html', fill(files.html, valuesOf(instance)), policy)
        case '/sign-in.css':
          return answer('text/css', files.css, policy)
        case '/sign-in.js':
          return answer('text/javascript', files.script, policy)
        default:
          return null
      }
    },
    environmentOf: (instance) =>
      toEnvironment(instance, {
        signIn: instance.signInUrl ?? ownPage(instance),
        challengeSiteKey: challenge?.siteKey ?? null,
      }),
  }

  function valuesOf(instance: Instance): Readonly<Record<string, string>> {
    return {
      name: instance.name,
      publishableKey: publishableKeyOf(instance, frontendOriginOf),
      homeUrl: instance.homeUrl ?? '',
      challengeKey: challenge?.siteKey ?? '',
      challengeScript: challenge?.script ?? '',
    }
  }
}

/** clerk-js waits in a worker that it makes of a blob. */
function policyOf(challenge: ChallengePage | null): string {
  const theirs = challenge === null ? '' : ` ${new URL(challenge.script).origin}`
  return [
    "default-src 'none'",
    `script-src 'self'${theirs}`,
    "worker-src 'self' blob:",
    "style-src 'self'",
    "connect-src 'self'",
    'img-src data:',
    ...(theirs === '' ? [] : [`frame-src${theirs}`]),
    "form-action 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ')
}

const answer = (type: string, body: string, policy: string): HttpResponse => ({
  status: 200,
  headers: {
    'Content-Type': `${type}; charset=utf-8`,
    'Cache-Control': 'no-store',
    'Content-Security-Policy': policy,
    // The address of the page holds a ticket.
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
    'Cross-Origin-Opener-Policy': 'same-origin',
  },
  body,
})

const fill = (html: string, values: Readonly<Record<string, string>>): string =>
  html.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => escapeHtml(values[name] ?? ''))

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }

const escapeHtml = (text: string): string => text.replaceAll(/[&<>"]/g, (each) => ESCAPES[each]!)
