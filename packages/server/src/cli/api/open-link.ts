import { spawn } from 'node:child_process'

/** Of each system, what opens a link for the person in front of it. None is a shell, which would read the link. */
const OPENERS: Readonly<Partial<Record<NodeJS.Platform, readonly [program: string, ...args: string[]]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
}

/** What fails does so at once; what is still there after that has become a browser. */
const PATIENCE_MS = 2_000

/** @returns whether a browser has taken the link; it may be that there is none */
export function openLink(link: string): Promise<boolean> {
  // A server may say anything, and such a program opens files and starts others too.
  if (!URL.canParse(link) || !/^https?:$/.test(new URL(link).protocol)) return Promise.resolve(false)
  const [program, ...args] = OPENERS[process.platform] ?? ['xdg-open']
  const child = spawn(program, [...args, new URL(link).href], { stdio: 'ignore', detached: true })
  child.unref()
  return new Promise((resolve) => {
    const patience = setTimeout(() => resolve(true), PATIENCE_MS)
    const end = (isOpen: boolean) => {
      clearTimeout(patience)
      resolve(isOpen)
    }
    child.once('error', () => end(false)).once('exit', (code) => end(code === 0))
  })
}
