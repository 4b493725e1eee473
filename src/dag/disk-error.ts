// What a disk answers → the error that the user reads.

import { OvnError } from '../errors.ts'

const meanings: Readonly<Record<string, string>> = {
  EACCES: 'permission was refused',
  EPERM: 'permission was refused',
  EROFS: 'it cannot be written to',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EFBIG: 'the file would be too large',
  EIO: 'the disk failed to read or write',
  // What `rmSync` has for an error that it does not know: EIO, as a rule.
  '': 'the disk failed to read or write',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  ENOTDIR: 'part of its path is a file',
  EISDIR: 'it is a folder',
  ELOOP: 'its symbolic links go in a circle',
  ENAMETOOLONG: 'its path is too long for this disk',
  EBUSY: 'it is in use',
}

/** What to do about a full disk. */
export const fullHint = 'free some space, then run the same command again'

/** Turns an error of the disk into an OvnError `storage` about `what`; passes every other error on as it is. */
export function diskError(error: unknown, what: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code ?? 'none'
  const meaning = meanings[code]
  if (meaning === undefined) return error
  const hint = code === 'ENOSPC' || code === 'EDQUOT' ? fullHint : undefined
  return new OvnError('storage', `${what}: ${meaning}`, { cause: error, hint })
}
