/** Puts the handler on web-standard `Request` and `Response`: for tests, and for embedding. */
import { AuthorityError } from '../../core/errors.ts'
import { BODY_LIMIT, type HttpRequest } from '../exchange.ts'
import type { Handler } from '../handler.ts'

export const toWebHandler =
  (handler: Handler) =>
  async (request: Request, address: string | null = null): Promise<Response> => {
    const { status, headers, body } = await handler(toRequest(request, address))
    const sent = new Headers()
    for (const [name, value] of Object.entries(headers)) {
      for (const each of Array.isArray(value) ? value : [value]) sent.append(name, each)
    }
    return new Response(status === 304 || body.length === 0 ? null : (body as never), {
      status,
      headers: sent,
    })
  }

function toRequest(request: Request, address: string | null): HttpRequest {
  const { pathname, search } = new URL(request.url)
  return {
    method: request.method,
    path: pathname,
    query: search.slice(1),
    header: (name) => request.headers.get(name),
    // `Headers` joins repeated headers with a comma. No bearer key holds one; an `Idempotency-Key` must not, here.
    repeated: (name) => request.headers.get(name)?.includes(',') ?? false,
    isComplete: () => request.body === null,
    async body() {
      const bytes = new Uint8Array(await request.arrayBuffer())
      if (bytes.length > BODY_LIMIT) throw new AuthorityError('request_body_too_large')
      return bytes
    },
    address,
  }
}
