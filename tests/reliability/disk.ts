// Small disks of one's own: an image that is mounted through a loop device, or memory. They can be filled, and the power can be cut.

import { spawn, spawnSync } from 'node:child_process'
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export type FileSystem = 'ext4' | 'xfs' | 'tmpfs'

/**
 * Ends a file system at once, as a power cut would: what is not on disk is lost, the journal's tail too. It waits for a word, so that
 * it is quick then, and says when it began.
 */
const cut = `
import fcntl, os, struct, sys, time
disk = os.open(sys.argv[1], os.O_RDONLY)
print("ready", flush=True)
sys.stdin.readline()
begun = time.monotonic_ns()
fcntl.ioctl(disk, 0x8004587D, struct.pack("I", 2))
print(begun, flush=True)
`

export class Disk {
  /** Where it is mounted. */
  readonly folder: string
  readonly #base: string
  readonly kind: FileSystem
  readonly #mebibytes: number
  #isMounted = false

  private constructor(kind: FileSystem, mebibytes: number) {
    this.#base = mkdtempSync(join(tmpdir(), 'ovn-test-'))
    this.folder = join(this.#base, 'disk')
    this.kind = kind
    this.#mebibytes = mebibytes
    mkdirSync(this.folder)
  }

  /** Makes a disk and mounts it; it must be removed. Throws where that cannot be done here. */
  static make(kind: FileSystem, mebibytes: number): Disk {
    const disk = new Disk(kind, mebibytes)
    try {
      if (kind !== 'tmpfs') {
        run('truncate', '-s', `${mebibytes}M`, disk.#image)
        if (kind === 'ext4') run('mkfs.ext4', '-q', '-m', '0', disk.#image)
        else run('mkfs.xfs', '-q', disk.#image)
      }
      disk.mount()
      return disk
    } catch (error) {
      disk.remove()
      throw error
    }
  }

  get #filling(): string {
    return join(this.folder, 'filling')
  }

  get #image(): string {
    return join(this.#base, 'image')
  }

  mount(): void {
    if (this.kind === 'tmpfs') {
      run('mount', '-t', 'tmpfs', '-o', `size=${this.#mebibytes}m`, 'tmpfs', this.folder)
    } else {
      // A loop device of its own each time: with that of the last time it would be the file system without power again, where
      // somebody's copy of the table of mounts still has it.
      const device = run('losetup', '--find', '--show', this.#image)
      try {
        // XFS takes that copy for a second disk of the same name, and would refuse this one.
        run('mount', ...(this.kind === 'xfs' ? ['-o', 'nouuid'] : []), device, this.folder)
      } finally {
        // It goes when it is unmounted.
        run('losetup', '--detach', device)
      }
    }
    this.#isMounted = true
  }

  unmount(): void {
    run('umount', this.folder)
    this.#isMounted = false
  }

  /**
   * Gets ready to cut the power. The function that it returns does it: whoever works on the disk gets errors from here on. It comes
   * back as it was when it is mounted again. Returns when the cut began, on the clock of `process.hrtime`.
   */
  async prepareCut(): Promise<() => Promise<bigint>> {
    const child = spawn('python3', ['-c', cut, this.folder], { stdio: ['pipe', 'pipe', 'inherit'] })
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const closed = new Promise((resolve) => child.on('close', resolve))
    if ((await lines.next()).value !== 'ready') throw new Error('the power cannot be cut')
    return async () => {
      child.stdin.end('now\n')
      const { value } = await lines.next()
      await closed
      return BigInt(value as string)
    }
  }

  /** Fills the disk but for so many bytes, or a few less. */
  fill(spare: number): void {
    // Nearly all of it at once, the rest byte by byte.
    const size = statSync(this.#filling, { throwIfNoEntry: false })?.size ?? 0
    const most = this.free - 1_048_576
    if (most > 0) run('fallocate', '--length', String(size + most), this.#filling)
    const file = openSync(this.#filling, 'a')
    try {
      for (const length of [65_536, 4096, 512, 1]) {
        try {
          while (writeSync(file, Buffer.alloc(length, 'full')) === length);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        }
        // Blocks that are only spoken for are counted when they are written.
        fsyncSync(file)
      }
      if (spare > 0) ftruncateSync(file, Math.max(0, fstatSync(file).size - spare))
      fsyncSync(file)
    } finally {
      closeSync(file)
    }
  }

  /** Takes away what filled it. */
  empty(): void {
    rmSync(this.#filling, { force: true })
  }

  /** Bytes that are free. */
  get free(): number {
    const { bavail, bsize } = statfsSync(this.folder)
    return bavail * bsize
  }

  /** Unmounts it where it is mounted, and removes all of it. */
  remove(): void {
    if (this.#isMounted && spawnSync('umount', [this.folder]).status !== 0) {
      // Somebody has it open still; it goes when they do.
      spawnSync('umount', ['--lazy', this.folder])
    }
    rmSync(this.#base, { recursive: true, force: true })
  }
}

/**
 * Whether disks of a kind can be made here; where not, it is said aloud. As root, with the programs that make them, they can, unless
 * the machine is a container without loop devices: with OVN_NO_SKIP=1 only that is an excuse.
 */
export function canMakeDisk(kind: FileSystem, mebibytes: number, what: string): boolean {
  try {
    Disk.make(kind, mebibytes).remove()
    return true
  } catch (error) {
    const isMissing = /ENOENT/.test((error as Error).message)
    if (isMissing && process.env.OVN_NO_SKIP === '1') throw error
    process.stderr.write(
      `${what} on ${kind} is NOT tested, since no disk can be made here: ${(error as Error).message}\n`,
    )
    return false
  }
}

function run(program: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(program, args, { encoding: 'utf8' })
  if (error !== undefined) throw new Error(`${program}: ${error.message}`)
  if (status !== 0) throw new Error(`${program} ${args.at(-1)}: ${stderr.trim()}`)
  return stdout.trim()
}
