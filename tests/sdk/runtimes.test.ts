/** The built SDK on every platform that it is promised for: the same cases, one result each. */
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { bundle } from '../../scripts/sdk/bundle.ts'
import { removeFolder, startDev, temporaryFolder, type ServerProcess } from '../support/server-process.ts'
import { findChromium, installRuntime } from './runtimes/install.ts'
import { startGateway } from './runtimes/gateway.ts'
import { runPage, runProgram, runWorker } from './runtimes/run.ts'
import type { Given } from './runtimes/suite.ts'
import type { MisbehavingServer } from './support.ts'

/** A runtime is fetched once, if the registry is slow as well. */
const INSTALL_MS = 180_000
const ALL_PASSED = { passed: 15, failed: [] }

const pathOf = (path: string) => fileURLToPath(new URL(path, import.meta.url))

let folder: string
let server: ServerProcess
let gateway: MisbehavingServer
let given: Given

beforeAll(async () => {
  folder = temporaryFolder()
  mkdirSync(join(folder, 'node_modules/@mintmark'), { recursive: true })
  symlinkSync(pathOf('../../packages/sdk'), join(folder, 'node_modules/@mintmark/sdk'), 'dir')
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  await bundle({ entry: { program: pathOf('runtimes/program.ts') }, folder, external: true })
  for (const name of ['worker', 'page']) {
    await bundle({ entry: { [name]: pathOf(`runtimes/${name}.ts`) }, folder })
  }

  server = await startDev()
  gateway = await startGateway({
    authority: server.url,
    script: join(folder, 'page.js'),
    given: () => given,
  })
  given = {
    serverURL: `${gateway.url}/api`,
    faultURL: `${gateway.url}/fault`,
    secretKey: server.env.CLERK_SECRET_KEY!,
    machineSecretKey: server.env.CLERK_MACHINE_SECRET_KEY!,
    otherMachineSecretKey: server.env.MINTMARK_API_MACHINE_SECRET_KEY!,
    issuer: server.url,
  }
})
afterAll(async () => {
  await gateway.close()
  await server.stop()
  removeFolder(server.data)
  removeFolder(folder)
})

describe('the SDK passes its suite', () => {
  const program = () => join(folder, 'program.js')

  it('on the Node of this project', async () => {
    expect(await runProgram(process.execPath, program(), given)).toEqual(ALL_PASSED)
  })

  it.each(['node20', 'node26', 'bun'] as const)(
    'on %s',
    async (name) => {
      expect(await runProgram(await installRuntime(name), program(), given)).toEqual(ALL_PASSED)
    },
    INSTALL_MS,
  )

  it(
    'on workerd',
    async () => {
      const binary = await installRuntime('workerd')
      expect(await runWorker(binary, join(folder, 'worker.js'), given)).toEqual(ALL_PASSED)
    },
    INSTALL_MS,
  )

  it('in Chromium, under a policy that allows no inline script and no eval', async () => {
    expect(await runPage(findChromium(), gateway.url)).toEqual(ALL_PASSED)
  })
})
