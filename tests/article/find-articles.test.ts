import { chmodSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findArticles } from '../../src/article/find-articles.ts'
import { errorOf, folderWith, isUnix } from './articles.ts'

async function find(folder: string, ...paths: string[]): Promise<string[]> {
  const found = await findArticles(paths.map((path) => (path === '-' ? path : join(folder, path))))
  return found.map((file) => (file === '-' ? file : file.slice(folder.length + 1)))
}

describe('findArticles', () => {
  it('leaves files and standard input as they are', async () => {
    const folder = folderWith({ 'b.txt': '', 'README.md': '', '_draft.md': '' })
    expect(await find(folder, 'b.txt', '-', 'README.md', '_draft.md')).toEqual(['b.txt', '-', 'README.md', '_draft.md'])
    expect(await findArticles([])).toEqual([])
  })

  it('searches folders, in the byte order of their paths', async () => {
    const names = [
      'b.md',
      'a/c.MD',
      'a/b/d.markdown',
      'a.md',
      'Z.md',
      'é.md',
      '𝒜.md',
      '\uffee.md',
      'a-b.md',
      'x.txt',
      'md',
      'a/md.md.bak',
    ]
    const folder = folderWith(Object.fromEntries(names.map((name) => [name, ''])))
    expect(await find(folder, '.')).toEqual([
      'Z.md',
      'a-b.md',
      'a.md',
      'a/b/d.markdown',
      'a/c.MD',
      'b.md',
      'é.md',
      '\uffee.md',
      '𝒜.md',
    ])
  })

  it('passes over what is no article', async () => {
    const folder = folderWith({
      'a.md': '',
      'readme-culture.md': '',
      'license-plates.md': '',
      'README.md': '',
      'readme.uk.markdown': '',
      'CHANGELOG.md': '',
      'LICENSE.md': '',
      'LICENCE-MIT.md': '',
      'CONTRIBUTING.md': '',
      '.hidden.md': '',
      '_draft.md': '',
      '.git/a.md': '',
      '_drafts/a.md': '',
      'node_modules/x/a.md': '',
      'ovn-archive/blocks.sqlite': '',
      'ovn-archive/a.md': '',
      'ovn-archive/in/a.md': '',
      'mirror/manifest.jsonl': '',
      'mirror/a.md': '',
    })
    expect(await find(folder, '.')).toEqual(['a.md', 'license-plates.md', 'readme-culture.md'])
  })

  it.skipIf(!isUnix)('does not follow symbolic links in folders', async () => {
    const folder = folderWith({ 'in/a.md': '', 'out/b.md': '' })
    symlinkSync('../out', join(folder, 'in/out'))
    symlinkSync('../out/b.md', join(folder, 'in/b.md'))
    symlinkSync('.', join(folder, 'in/loop'))
    expect(await find(folder, 'in')).toEqual(['in/a.md'])
    expect(await find(folder, 'in/out', 'in/b.md')).toEqual(['in/out/b.md'])
  })

  it('names a file once', async () => {
    const folder = folderWith({ 'a.md': '', 'in/b.md': '' })
    expect(await find(folder, 'a.md', './a.md', 'in/../a.md', '-', 'in', '.', '-')).toEqual(['a.md', '-', 'in/b.md'])
  })

  it.each([
    ['nothing.md', /^no file or folder .*nothing\.md$/, 'check the path; it is relative to the current folder'],
    ['a.md/b.md', /^no file or folder .*a\.md\/b\.md$/, 'check the path; it is relative to the current folder'],
    ['empty', /^no article in .*empty$/, 'articles are files that end in .md or .markdown'],
    ['archive', /^no article in .*archive$/, 'articles are files that end in .md or .markdown'],
  ])('is an error for %s', async (path, message, hint) => {
    const folder = folderWith({ 'a.md': '', 'archive/manifest.jsonl': '', 'archive/a.md': '' })
    mkdirSync(join(folder, 'empty'))
    const error = await errorOf(find(folder, 'a.md', path))
    expect({ code: error.code, hint: error.hint }).toEqual({ code: 'not-found', hint })
    expect(error.message).toMatch(message)
  })

  it.skipIf(process.getuid?.() === 0)('is an error for a folder that may not be read', async () => {
    const folder = folderWith({ 'in/a.md': '' })
    chmodSync(join(folder, 'in'), 0)
    const error = await errorOf(find(folder, 'in'))
    chmodSync(join(folder, 'in'), 0o700)
    expect(error.code).toBe('storage')
  })

  it('stops when it is told', async () => {
    const folder = folderWith({ 'a.md': '' })
    await expect(findArticles([folder], { signal: AbortSignal.abort(new Error('stopped')) })).rejects.toThrow('stopped')
  })
})
