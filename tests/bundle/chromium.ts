// Which browser tests open, and with what: Debian's Chromium. Its headless shell, which has no windows around its pages, takes
// less than half of a processor's time.

import { existsSync } from 'node:fs'

const places = ['/usr/bin/chromium-headless-shell', '/usr/bin/chromium']

/** That in the environment variable CHROMIUM, else Debian's; there need be none. */
export const executablePath = process.env.CHROMIUM ?? places.find((path) => existsSync(path)) ?? (places[0] as string)

export const hasBrowser = existsSync(executablePath)

export const args = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
