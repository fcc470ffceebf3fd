/** The suite as a worker: given as the body of a request, results in the answer. */
import { run, type Given } from './suite.ts'

// oxlint-disable-next-line import/no-default-export -- a worker's runtime looks for this name
export default {
  fetch: async (request: Request): Promise<Response> =>
    Response.json(await run((await request.json()) as Given)),
}
