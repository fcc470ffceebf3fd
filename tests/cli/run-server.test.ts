/** What becomes of a server whose command cannot tell that it is ready. */
import { afterAll, expect, it } from 'vitest'
import { createLog } from '../../packages/server/src/cli/log.ts'
import { runServer } from '../../packages/server/src/cli/run-server.ts'
import { readConfig } from '../../packages/server/src/server/config.ts'
import { makeDataFolder, newMasterKey, readMasterKeys } from '../../packages/server/src/server/data-folder.ts'
import { removeFolder, temporaryFolder } from '../support/server-process.ts'

const data = temporaryFolder()
afterAll(() => removeFolder(data))

// Stops a server from going on in the background that nobody was told of: its command has failed by then.
it('is stopped', async () => {
  const environment = { MINTMARK_MASTER_KEY: newMasterKey() }
  const config = readConfig({ flags: { data, port: '0' }, environment, file: null })
  makeDataFolder(data)
  let url = ''
  const running = runServer(config, {
    log: createLog('silent', 'json'),
    masterKeys: readMasterKeys(config),
    onHangUp: 'ignore',
    async onReady(server) {
      url = server.url
      expect((await fetch(`${url}/health/live`)).status).toBe(200)
      throw new Error('nobody listens')
    },
  })
  await expect(running).rejects.toThrow('nobody listens')
  await expect(fetch(`${url}/health/live`)).rejects.toThrow('fetch failed')
})
