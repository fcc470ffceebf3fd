/** A good status says nothing yet: what comes with it must be what was asked for. */
import { MintmarkCore } from '@mintmark/sdk/core.js'
import type { SDKValidationError } from '@mintmark/sdk/errors.js'
import { testingTokensCreate } from '@mintmark/sdk/funcs/testingTokensCreate.js'
import { describe, expect, it } from 'vitest'
import { json, scriptedFetch } from './support.ts'

const coreFor = (answer: () => Response) =>
  new MintmarkCore({ secretKey: 'sk_test', fetch: scriptedFetch(answer).fetch })

describe('an answer that is good and not what was asked for', () => {
  it.each<[string, () => Response]>([
    ['a page', () => new Response('<p>Sign in', { headers: { 'content-type': 'text/html' } })],
    [
      'JSON as text',
      () => new Response('{"object":"testing_token"}', { headers: { 'content-type': 'text/plain' } }),
    ],
    ['another object', () => json(200, { object: 'machine' })],
    ['a list', () => json(200, [])],
    ['a number', () => json(200, 1)],
    ['null', () => json(200, null)],
    ['nothing', () => new Response(null, { status: 204 })],
    ['an empty text', () => new Response('', { headers: { 'content-type': 'application/json' } })],
    [
      'half of JSON',
      () => new Response('{"object":"testing_', { headers: { 'content-type': 'application/json' } }),
    ],
    [
      'JSON too deep to look through',
      () =>
        new Response(`${'['.repeat(200_000)}${']'.repeat(200_000)}`, {
          headers: { 'content-type': 'application/json' },
        }),
    ],
  ])('is refused: %s', async (_, answer) => {
    const { error } = await testingTokensCreate(coreFor(answer))
    expect(error).toMatchObject({ name: 'SDKValidationError', code: 'response_invalid' })
    expect(typeof (error as SDKValidationError).rawValue).toBe('string')
  })

  it('may have a charset or be a kind of JSON', async () => {
    for (const type of ['application/json; charset=utf-8', 'application/vnd.api+json', 'Application/JSON']) {
      const answer = () => new Response('{"object":"testing_token"}', { headers: { 'content-type': type } })
      expect(await testingTokensCreate(coreFor(answer))).toMatchObject({ ok: true })
    }
  })
})
