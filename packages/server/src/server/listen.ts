/** Opens and closes what listens. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { ConfigError } from './config.ts'

/** @returns the URL by which it is reached on this machine. @throws {ConfigError} if the port cannot be taken */
export function listen(
  server: Server,
  host: string,
  port: number,
  flag: '--port' | '--frontend-port' | '--metrics-port' = '--port',
): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why =
        error.code === 'EADDRINUSE'
          ? `another program listens there; ${flag} 0 takes any port that is free`
          : (error.code ?? 'it cannot be opened')
      reject(new ConfigError(`Cannot listen on ${host} port ${port}: ${why}.`, { cause: error }))
    })
    server.listen(port, host, () => resolve(urlOf(server.address() as AddressInfo)))
  })
}

export function closeListener(server: Server): Promise<void> {
  server.closeAllConnections()
  return new Promise((resolve) => server.close(() => resolve()))
}

const urlOf = ({ address, port, family }: AddressInfo): string =>
  `http://${family === 'IPv6' ? `[${address}]` : address === '0.0.0.0' ? '127.0.0.1' : address}:${port}`
