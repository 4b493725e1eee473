import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { Helia } from '@helia/interface'
import { describe, expect, it } from 'vitest'
import { temporaryFolder } from '../temporary.ts'
import { addFiles, archiveNode, archiveParts, cidOfFile, drain, heliaNode } from './nodes.ts'

/** What each fault does to Helia's own pins, and what the archive's pins must do. */
const faults: Record<string, { run: (node: Helia) => Promise<unknown>; helia: unknown; ours: unknown }> = {
  'a block that two pins share stays pinned until both are gone': {
    run: async (node) => {
      const a = await addFiles(node, { 'logo.svg': 'shared', 'index.html': 'a' })
      const b = await addFiles(node, { 'logo.svg': 'shared', 'index.html': 'b' })
      for (const step of [
        ['add', a],
        ['add', b],
        ['rm', a],
        ['add', a],
        ['rm', b],
      ] as const)
        await drain(node.pins[step[0]](step[1]))
      await node.gc()
      const logo = await cidOfFile(node, a, 'logo.svg').catch(() => undefined)
      return logo !== undefined && (await node.pins.isPinned(logo)) && node.blockstore.has(logo)
    },
    helia: false,
    ours: true,
  },
  'a block that stands twice in one DAG does not unpin the next DAG that has it': {
    run: async (node) => {
      const twice = await addFiles(node, { 'a.png': 'same', 'b.png': 'same' })
      await drain(node.pins.add(twice))
      await drain(node.pins.rm(twice))
      const once = await addFiles(node, { 'c.png': 'same', 'index.html': 'x' })
      await drain(node.pins.add(once))
      return node.pins.isPinned(await cidOfFile(node, once, 'c.png'))
    },
    helia: false,
    ours: true,
  },
  'a pin that is awaited, and not iterated over, is a pin': {
    run: async (node) => {
      const root = await addFiles(node, { 'a.txt': 'text' })
      await (node.pins.add(root) as unknown as Promise<void>)
      return node.pins.isPinned(root)
    },
    helia: false,
    ours: true,
  },
}

describe.each(Object.entries(faults))('%s', (_, { run, helia, ours }) => {
  it("fails with Helia's own pins", async () => {
    expect(await run(heliaNode())).toBe(helia)
  })
  it("holds with the archive's pins", async () => {
    expect(await run(archiveNode())).toBe(ours)
  })
})

describe('a missing block, met while pinning, is an error that can be caught', () => {
  const script = fileURLToPath(new URL('pin-a-missing-block.ts', import.meta.url))
  const runWith = (pins: string) => spawnSync(process.execPath, [script, pins, temporaryFolder()], { encoding: 'utf8' })

  it("ends the process with Helia's own walker", () => {
    const { status, stdout, stderr } = runWith('helia')
    expect({ status, stdout }).toEqual({ status: 1, stdout: 'caught' })
    expect(stderr).toMatch(/Error/)
  })
  it("does no more than throw with the archive's pins", () => {
    const { status, stdout, stderr } = runWith('ours')
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: 'caught', stderr: '' })
  })
})

describe('pins', () => {
  it('pins nothing of a DAG that lacks a block', async () => {
    const node = archiveNode()
    const root = await addFiles(node, { 'a.txt': 'one', 'b.txt': 'two' })
    await node.blockstore.delete(await cidOfFile(node, root, 'a.txt'))
    await expect(drain(node.pins.add(root))).rejects.toMatchObject({ code: 'not-found' })
    expect(await node.pins.isPinned(root)).toBe(false)
  })

  it('yields every block once, parents first', async () => {
    const node = archiveNode()
    const root = await addFiles(node, { 'a/1.txt': 'same', 'a/2.txt': 'same', 'b.txt': 'other' })
    const seen: string[] = []
    for await (const cid of node.pins.add(root)) seen.push(cid.toString())
    expect(seen[0]).toBe(root.toString())
    expect(seen).toHaveLength(4)
    expect(new Set(seen).size).toBe(4)
  })

  it('may be asked for twice, and takes the newer depth and metadata', async () => {
    const node = archiveNode()
    const root = await addFiles(node, { 'a.txt': 'one' })
    await drain(node.pins.add(root, { metadata: { slug: 'a' } }))
    await drain(node.pins.add(root, { depth: 0, metadata: { slug: 'b' } }))
    const pins = await Array.fromAsync(node.pins.ls())
    expect(pins.map(({ cid, ...rest }) => ({ cid: cid.toString(), ...rest }))).toEqual([
      { cid: root.toString(), depth: 0, metadata: { slug: 'b' } },
    ])
    expect(await node.pins.isPinned(await cidOfFile(node, root, 'a.txt'))).toBe(false)
  })

  it('finds a pin by a CID of version 0, and a block by its multihash alone', async () => {
    const node = archiveNode()
    const root = await addFiles(node, { 'a.txt': 'one' })
    await drain(node.pins.add(root.toV0()))
    expect((await node.pins.get(root)).cid.toString()).toBe(root.toString())
    expect(await node.pins.isPinned(root.toV0())).toBe(true)
  })

  it('says that a root is not pinned', async () => {
    const node = archiveNode()
    const root = await addFiles(node, { 'a.txt': 'one' })
    await expect(node.pins.get(root)).rejects.toMatchObject({ name: 'NotFoundError' })
    await expect(drain(node.pins.rm(root))).rejects.toMatchObject({ name: 'NotFoundError' })
    await expect(node.pins.setMetadata(root, {})).rejects.toMatchObject({ name: 'NotFoundError' })
  })

  it('keeps what it was told', async () => {
    const node = archiveNode()
    const root = await addFiles(node, { 'a.txt': 'one' })
    await drain(node.pins.add(root))
    await node.pins.setMetadata(root, { version: 2, current: true })
    expect((await node.pins.get(root)).metadata).toEqual({ version: 2, current: true })
  })

  it('never answers "not pinned" for what it could not read', async () => {
    const { node, blockstore } = archiveParts()
    const root = await addFiles(node, { 'a/b.txt': 'one' })
    const file = await cidOfFile(node, root, 'a/b.txt')
    await drain(node.pins.add(root))
    blockstore.delete(await cidOfFile(node, root, 'a'))
    await expect(node.pins.isPinned(file)).rejects.toMatchObject({ code: 'not-found' })
    await expect(node.gc()).rejects.toMatchObject({ code: 'damaged' })
    expect(blockstore.hasSync(file)).toBe(true)
  })

  it('keeps a pinned block from being deleted, and lets an unpinned one go', async () => {
    const node = archiveNode()
    const root = await addFiles(node, { 'a.txt': 'one' })
    const file = await cidOfFile(node, root, 'a.txt')
    await drain(node.pins.add(root))
    await expect(node.blockstore.delete(file)).rejects.toMatchObject({ name: 'BlockPinnedError' })
    await drain(node.pins.rm(root))
    await node.gc()
    expect(await node.blockstore.has(file)).toBe(false)
  })
})
