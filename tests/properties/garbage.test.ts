import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Call } from '../../packages/server/src/core/caller.ts'
import { startAuthority, type TestAuthority } from '../support/authority.ts'
import { callersOf, KINDS, type Deps } from './every-kind.ts'

const COUNT = 5

let world: TestAuthority
let callers: { machine: Call<never>; operator: Call }
/** Some good tokens of each kind. */
const good = new Map<string, string[]>()

beforeAll(async () => {
  world = await startAuthority({ acceptUnknownUsers: true })
  callers = await callersOf(world)
  for (const [name, { issue }] of Object.entries(KINDS)) {
    const issued = Array.from({ length: COUNT }, () => issue(world.authority.deps, callers.machine, 3_600))
    good.set(name, await Promise.all(issued))
  }
})

afterAll(() => world.close())

/** What verifiers get where nothing may be read: keys are there, records are not. */
function withoutStore(): Deps {
  const asked = () => {
    throw new Error('the store was asked')
  }
  const port = new Proxy({}, { get: () => asked })
  const read = new Proxy({}, { get: () => port }) as Deps['read']
  return { ...world.authority.deps, read }
}

const EDIT = fc.record({
  pick: fc.nat(COUNT - 1),
  at: fc.nat(),
  length: fc.constantFrom(0, 1, 1, 2),
  text: fc.oneof(fc.stringMatching(/^[0-9A-Za-z_.-]?$/), fc.string({ unit: 'binary', maxLength: 2 })),
})

const edited = (token: string, { at, length, text }: { at: number; length: number; text: string }) => {
  const start = at % (token.length + 1)
  return token.slice(0, start) + text + token.slice(start + length)
}

describe.each(Object.entries(KINDS))('verifying as %s', (name, { verify }) => {
  // Stops a flood of made-up tokens from costing the database anything.
  it('refuses any text at all that was not issued, with no look-up', async () => {
    const texts = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 100 }),
      fc.stringMatching(/^mt_[0-9A-Za-z]{51}$/),
      fc.stringMatching(/^17[0-9]{8}-c_[0-9A-Za-z]{51}$/),
      fc.stringMatching(/^ey[A-Za-z0-9_-]{10,40}\.ey[A-Za-z0-9_-]{10,40}\.[A-Za-z0-9_-]{10,40}$/),
    )
    await fc.assert(
      fc.asyncProperty(texts, async (text) => {
        const verdict = await verify(withoutStore(), callers.operator, text)
        expect(verdict).toMatchObject({ active: false })
      }),
      { numRuns: 500 },
    )
  })

  it('refuses a good token with any of its text changed, with no look-up', async () => {
    await fc.assert(
      fc.asyncProperty(EDIT, async (edit) => {
        const token = good.get(name)![edit.pick]!
        const text = edited(token, edit)
        fc.pre(text !== token)
        expect(await verify(withoutStore(), callers.operator, text)).toMatchObject({ active: false })
      }),
      { numRuns: 500 },
    )
  })

  // A15: stops a token of one kind from opening what is meant for another.
  it('refuses good tokens of every other kind, with no look-up', async () => {
    for (const [other, tokens] of good) {
      const isOwn = other === name || (other.includes('M2M') && name.includes('M2M'))
      for (const token of tokens) {
        const deps = isOwn ? world.authority.deps : withoutStore()
        expect((await verify(deps, callers.operator, token)).active).toBe(isOwn)
      }
    }
  })
})
