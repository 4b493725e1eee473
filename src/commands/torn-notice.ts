import type { Problem } from '../errors.ts'

/** Says that bytes at the end of the manifest were set aside. */
export function tornNotice(file: string, bytes: number): Problem {
  return {
    file,
    message: `an unfinished line of ${bytes} bytes at its end was set aside in manifest.torn`,
    hint: 'a crash left it; nothing that was answered for is missing',
  }
}
