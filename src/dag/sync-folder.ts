import { closeSync, fsyncSync, openSync } from 'node:fs'

/** Makes a new name in a folder durable: without it a power cut may take the file back. */
export function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
