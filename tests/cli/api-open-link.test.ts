import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { removeFolder, temporaryFolder } from '../support/server-process.ts'
import { startFakeApi } from './fake-api.ts'

const LINK = 'https://clerk.example.com/v1/tickets/accept?ticket=a.b&c=$(touch%20hacked);"x'
const CALL = ['impersonate user_a --as user_b --reason any --open'] as const
const NO_BROWSER = 'There is no browser that opens it: open the link yourself.\n'

let root: string
let folder: string

beforeAll(() => {
  root = temporaryFolder()
})
afterAll(() => removeFolder(root))
beforeEach(() => {
  folder = join(root, String(Math.random()))
  mkdirSync(folder)
})

const opened = () => join(folder, 'opened')

/** Stands for the system's own program of that name. */
function putOpener(script: string): void {
  const path = join(folder, 'xdg-open')
  writeFileSync(path, `#!/bin/sh\n${script}\n`)
  chmodSync(path, 0o755)
}

async function impersonate(url: string, ...more: readonly string[]) {
  const token = {
    object: 'actor_token',
    id: 'act_a',
    status: 'pending',
    user_id: 'user_a',
    token: 'a.b',
    url,
  }
  const path = [folder, '/usr/bin', '/bin'].join(delimiter)
  const api = await startFakeApi({ '/v1/actor_tokens': token }, { PATH: path })
  const result = await api.run(CALL[0], ...more)
  api.close()
  return result
}

// Other systems have another program for it.
describe.skipIf(process.platform !== 'linux')('mintmark impersonate --open', () => {
  it('opens the link that it prints, and no shell reads it', async () => {
    putOpener(`printf '%s|' "$@" > '${opened()}'`)
    const { code, stdout, stderr } = await impersonate(LINK)
    expect(code).toBe(0)
    expect(stdout).toBe(`${LINK}\n`)
    expect(stderr).toBe('act_a: works once, as user_a. It is shown only now.\n')
    expect(readFileSync(opened(), 'utf8')).toBe(`${new URL(LINK).href}|`)
  })

  it('opens it with --json too', async () => {
    putOpener(`echo "$1" > '${opened()}'`)
    const { code, stdout, stderr } = await impersonate('https://clerk.example.com/a', '--json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(JSON.parse(stdout)).toMatchObject({ id: 'act_a', url: 'https://clerk.example.com/a' })
    expect(readFileSync(opened(), 'utf8')).toBe('https://clerk.example.com/a\n')
  })

  it('does not wait for a browser that stays', async () => {
    putOpener(`echo "$1" > '${opened()}'; exec sleep 5`)
    const { code, stderr } = await impersonate('https://clerk.example.com/a')
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr: 'act_a: works once, as user_a. It is shown only now.\n',
    })
    expect(existsSync(opened())).toBe(true)
  })

  it('says that there is no browser, and has done what it should', async () => {
    putOpener('exit 3')
    const failed = await impersonate('https://clerk.example.com/a')
    expect(failed).toMatchObject({ code: 0, stdout: 'https://clerk.example.com/a\n' })
    expect(failed.stderr).toContain(NO_BROWSER)
  })

  it('says so too where there is no such program', async () => {
    const api = await startFakeApi(
      {
        '/v1/actor_tokens': {
          object: 'actor_token',
          id: 'act_a',
          user_id: 'user_a',
          url: 'https://a.example/',
        },
      },
      { PATH: folder },
    )
    const { code, stdout, stderr } = await api.run(CALL[0])
    api.close()
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'https://a.example/\n' })
    expect(stderr).toContain(NO_BROWSER)
  })

  // Such programs open files and start other programs, by whatever a server says.
  it.each(['file:///etc/passwd', 'javascript:alert(1)', '--help', 'no link'])(
    'opens nothing that is no page: %s',
    async (url) => {
      putOpener(`echo "$1" > '${opened()}'`)
      const { code, stderr } = await impersonate(url)
      expect(code).toBe(0)
      expect(stderr).toContain(NO_BROWSER)
      expect(existsSync(opened())).toBe(false)
    },
  )
})
