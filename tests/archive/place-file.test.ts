import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { placeFile } from '../../src/archive/place-file.ts'
import { temporaryFolder } from '../temporary.ts'

const part = Buffer.alloc(700_000, 'part')

/** A stream of parts that may break off, and counts how many were taken and whether it was closed. */
function stream(count: number, failure?: Error) {
  const seen = { begun: 0, parts: 0, closed: 0 }
  async function* make() {
    seen.begun += 1
    try {
      for (let index = 0; index < count; index += 1) {
        seen.parts += 1
        yield part
        yield Buffer.of(index)
      }
      if (failure !== undefined) throw failure
    } finally {
      seen.closed += 1
    }
  }
  return { make, seen }
}

describe('placeFile', () => {
  it('writes a stream of any length', async () => {
    const folder = temporaryFolder()
    for (const count of [0, 1, 2, 7]) {
      const file = join(folder, `${count}`)
      const size = count * 700_001
      expect(await placeFile(file, stream(count).make, { force: false })).toEqual({ changed: true, size })
      const whole = Buffer.concat(Array.from({ length: count }, (_, index) => [part, Buffer.of(index)]).flat())
      expect(readFileSync(file).equals(whole)).toBe(true)
      expect(await placeFile(file, stream(count).make, { force: false })).toEqual({ changed: false, size })
    }
    expect(readdirSync(folder)).toEqual(['0', '1', '2', '7'])
  })

  it('leaves nothing of a stream that breaks off, and the old file as it was', async () => {
    const folder = temporaryFolder()
    const file = join(folder, 'x.car')
    const failure = new Error('the disk of another failed')
    for (const before of [undefined, 'mine']) {
      if (before !== undefined) writeFileSync(file, before)
      const { make, seen } = stream(5, failure)
      await expect(placeFile(file, make, { force: true })).rejects.toBe(failure)
      expect(seen.closed).toBe(seen.begun)
      expect(readdirSync(folder)).toEqual(before === undefined ? [] : ['x.car'])
    }
    expect(readFileSync(file, 'utf8')).toBe('mine')
  })

  it('reads no more of a stream than it takes to see a difference', async () => {
    const file = join(temporaryFolder(), 'x.car')
    writeFileSync(file, 'mine')
    const { make, seen } = stream(1000)
    await expect(placeFile(file, make, { force: false })).rejects.toMatchObject({ code: 'usage' })
    expect(seen).toEqual({ begun: 1, parts: 1, closed: 1 })
  })

  it('keeps a file that is equal, itself', async () => {
    const file = join(temporaryFolder(), 'x.car')
    await placeFile(file, stream(2).make, { force: false })
    const { ino, mtimeMs } = statSync(file)
    await placeFile(file, stream(2).make, { force: true })
    expect(statSync(file)).toMatchObject({ ino, mtimeMs })
  })

  it('refuses a file that is longer or shorter', async () => {
    const file = join(temporaryFolder(), 'x.car')
    await placeFile(file, stream(2).make, { force: false })
    for (const count of [1, 3]) {
      await expect(placeFile(file, stream(count).make, { force: false })).rejects.toMatchObject({ code: 'usage' })
    }
    expect(statSync(file).size).toBe(1_400_002)
  })
})
