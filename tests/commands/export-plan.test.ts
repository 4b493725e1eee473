import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { CID } from 'multiformats/cid'
import { describe, expect, it } from 'vitest'
import { type Exportee, planExport } from '../../src/commands/export-plan.ts'
import { sha256 } from '../../src/dag/hash.ts'
import { temporaryFolder } from '../temporary.ts'

function exportees(count: number): Exportee[] {
  return Array.from({ length: count }, (_, index) => {
    const label = `a${index}@1`
    return { root: CID.createV1(0x55, sha256(Buffer.from(label))), record: undefined, label, name: label }
  })
}

describe('planExport', () => {
  const cwd = '/nowhere'
  const plan = (count: number, options: Parameters<typeof planExport>[1]) => {
    const { parcels, folder } = planExport(exportees(count), options, '/nowhere/ovn-archive', cwd)
    return { paths: parcels.map(({ path }) => path), ...(folder === undefined ? {} : { folder }) }
  }

  it.each([
    [1, {}, { paths: ['a0@1.car'] }],
    [2, {}, { paths: ['a0@1.car', 'a1@1.car'] }],
    [1, { output: 'x.car' }, { paths: ['x.car'] }],
    [1, { output: 'x.bin' }, { paths: ['x.bin'] }],
    [1, { output: '-' }, { paths: ['-'] }],
    [1, { output: 'x/' }, { paths: [join('x', 'a0@1.car')], folder: 'x/' }],
    [1, { output: 'x.car/' }, { paths: [join('x.car', 'a0@1.car')], folder: 'x.car/' }],
    [2, { output: 'x.CAR' }, { paths: ['x.CAR'] }],
    [2, { output: '-' }, { paths: ['-'] }],
    [2, { output: 'x' }, { paths: [join('x', 'a0@1.car'), join('x', 'a1@1.car')], folder: 'x' }],
    [1, { all: true, output: 'x' }, { paths: [join('x', 'a0@1.car')], folder: 'x' }],
    [1, { all: true, output: 'x.car' }, { paths: ['x.car'] }],
    [1, { format: 'bag' }, { paths: ['a0@1'] }],
    [1, { format: 'bag', output: 'x' }, { paths: ['x'] }],
    [1, { format: 'bag', output: 'x/' }, { paths: [join('x', 'a0@1')], folder: 'x/' }],
    [2, { format: 'folder', output: 'x' }, { paths: [join('x', 'a0@1'), join('x', 'a1@1')], folder: 'x' }],
    [1, { format: 'folder', all: true, output: 'x' }, { paths: [join('x', 'a0@1')], folder: 'x' }],
  ] as const)('of %d with %j', (count, options, wanted) => {
    expect(plan(count, options)).toEqual(wanted)
  })

  it('writes into a folder that is there, whatever its name', () => {
    const folder = join(temporaryFolder(), 'x.car')
    mkdirSync(folder)
    expect(plan(1, { output: folder }).paths).toEqual([join(folder, 'a0@1.car')])
  })

  it('refuses more roots than a CAR may have', () => {
    expect(() => plan(10_001, { all: true, output: 'x.car' })).toThrow(
      expect.objectContaining({ code: 'usage', message: expect.stringContaining('at most 10000 roots') }),
    )
    expect(plan(10_000, { all: true, output: 'x.car' }).paths).toEqual(['x.car'])
    expect(plan(10_001, { all: true, output: 'x' }).paths).toHaveLength(10_001)
  })
})
