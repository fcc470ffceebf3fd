/** Runs the bundled suite on a runtime, and reads what it found. */
import { execFile, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'
import { cleanEnvironment } from '../../support/server-process.ts'
import type { Given, Results } from './suite.ts'

/** @param binary of Node or Bun */
export async function runProgram(binary: string, program: string, given: Given): Promise<Results> {
  const { stdout, stderr } = await promisify(execFile)(binary, [program, JSON.stringify(given)], {
    cwd: dirname(program),
    env: cleanEnvironment(),
  })
  if (stderr !== '') throw new Error(stderr)
  return JSON.parse(stdout) as Results
}

const configOf = (script: string) => `using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "suite", worker = .suite),
    (name = "loopback", network = (allow = ["local"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "suite")],
);

const suite :Workerd.Worker = (
  modules = [(name = "suite", esModule = embed "${script}")],
  compatibilityDate = "2026-09-01",
  globalOutbound = "loopback",
);
`

export async function runWorker(binary: string, worker: string, given: Given): Promise<Results> {
  const config = join(dirname(worker), 'workerd.capnp')
  writeFileSync(config, configOf(basename(worker)))
  const child = spawn(binary, ['serve', config, '--control-fd=3'], {
    cwd: dirname(worker),
    env: cleanEnvironment(),
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  })
  let log = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (log += text))
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code) => reject(new Error(`workerd ended with ${code}:\n${log}`)))
  })
  try {
    const port = await Promise.race([portOf(child.stdio[3] as NodeJS.ReadableStream), ended])
    const response = await Promise.race([
      fetch(`http://127.0.0.1:${port}/`, { method: 'POST', body: JSON.stringify(given) }),
      ended,
    ])
    return (await response.json()) as Results
  } finally {
    ended.catch(() => {})
    child.kill('SIGKILL')
  }
}

/** From the line that says where it listens. */
function portOf(control: NodeJS.ReadableStream): Promise<number> {
  return new Promise((resolve) => {
    let text = ''
    control.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      const port = /"event":\s*"listen".*"port":\s*(?<port>\d+)/.exec(text)?.groups?.port
      if (port !== undefined) resolve(Number(port))
    })
  })
}

/** @param url of a page whose script promises its results */
export async function runPage(executablePath: string, url: string): Promise<Results> {
  // As root it has no sandbox; it sees nothing but this page.
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] })
  try {
    const page = await browser.newPage()
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      if (/Content Security Policy/.test(message.text())) complaints.push(message.text())
    })
    await page.goto(url)
    const results = await page.evaluate(
      () => (globalThis as unknown as { results: Promise<Results> }).results,
    )
    if (complaints.length > 0) throw new Error(complaints.join('\n'))
    return results
  } finally {
    await browser.close()
  }
}
