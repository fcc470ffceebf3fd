import { expect, it } from 'vitest'
import { oneByOne } from './one-by-one.ts'

it('runs once more for all who ask while it runs, and then for the next', async () => {
  const ends: (() => void)[] = []
  const run = () => new Promise<void>((resolve) => ends.push(resolve))
  const ask = oneByOne(run, () => expect.unreachable())
  const endOf = async (index: number) => {
    ends[index]!()
    await new Promise((resolve) => setImmediate(resolve))
  }
  for (let count = 0; count < 3; count++) ask()
  expect(ends).toHaveLength(1)
  await endOf(0)
  expect(ends).toHaveLength(2)
  await endOf(1)
  expect(ends).toHaveLength(2)
  ask()
  expect(ends).toHaveLength(3)
})

it('runs again when it is asked after it failed', async () => {
  const errors: unknown[] = []
  let runs = 0
  const ask = oneByOne(
    async () => {
      if (++runs === 1) throw new Error('no')
    },
    (error) => errors.push(error),
  )
  ask()
  await new Promise((resolve) => setImmediate(resolve))
  ask()
  expect([runs, errors]).toEqual([2, [new Error('no')]])
})
