import {
  appendFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  renameSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Asset } from '../../src/article/article.ts'
import { AssetFolder } from '../../src/article/assets.ts'
import { errorOf, folderWith, isUnix, makePipe } from './articles.ts'

const chunk = 1024 * 1024

function find(folder: string, reference: string) {
  const found = new AssetFolder(folder).find(reference)
  if ('asset' in found) return `${found.asset.path}${found.fragment}`
  return `${found.problem} (${found.hint})`
}

function assetOf(folder: string, reference: string): Asset {
  const found = new AssetFolder(folder).find(reference)
  if ('asset' in found) return found.asset
  throw new Error(found.problem)
}

async function readAll(asset: Asset): Promise<Uint8Array[]> {
  return Array.fromAsync(asset.read())
}

describe('find', () => {
  const files = {
    'a.jpg': 'a',
    'deep/er/b.jpg': 'b',
    'my photo.jpg': 'c',
    'my%20photo.jpg': 'literal',
    '100%.png': 'd',
    'x#y.png': 'e',
    x: 'f',
    'café.png': 'g',
    'наше фото.png': 'h',
    "it's (1) & co, [x]=~.png": 'i',
    empty: '',
  }

  it.each([
    ['a.jpg', 'assets/a.jpg'],
    ['./a.jpg', 'assets/a.jpg'],
    ['deep/../a.jpg', 'assets/a.jpg'],
    ['deep//er/./b.jpg', 'assets/deep/er/b.jpg'],
    ['deep%2Fer%2Fb.jpg', 'assets/deep/er/b.jpg'],
    ['my%20photo.jpg', 'assets/my photo.jpg'],
    ['my photo.jpg', 'assets/my photo.jpg'],
    ['my%2520photo.jpg', 'assets/my%20photo.jpg'],
    ['100%.png', 'assets/100%.png'],
    ['100%25.png', 'assets/100%.png'],
    ['a.jpg?w=1', 'assets/a.jpg'],
    ['a.jpg#b=c', 'assets/a.jpg#b=c'],
    ['a.jpg?w=1#b', 'assets/a.jpg#b'],
    ['x#y.png', 'assets/x#y.png'],
    ['x%23y.png', 'assets/x#y.png'],
    ['x#z', 'assets/x#z'],
    ['café.png', 'assets/café.png'],
    ['cafe\u0301.png', 'assets/café.png'],
    ['caf%C3%A9.png', 'assets/café.png'],
    ['наше фото.png', 'assets/наше фото.png'],
    ["it's (1) & co, [x]=~.png", "assets/it's (1) & co, [x]=~.png"],
    ['empty', 'assets/empty'],
  ])('%s', (reference, path) => {
    expect(find(folderWith(files), reference)).toBe(path)
  })

  it('finds a name in another normal form', () => {
    const folder = folderWith({ 'cafe\u0301/e\u0301.png': 'a' })
    expect(find(folder, 'café/é.png')).toBe('assets/café/é.png')
    expect(find(folder, 'cafe\u0301/e\u0301.png')).toBe('assets/café/é.png')
  })

  const beside = 'put the file beside the article'
  const put = `${beside}, or correct the path`
  const rename = 'rename the file, so that every system can store it'

  it.each([
    ['b.jpg', "missing file 'b.jpg' (did you mean a.jpg?)"],
    ['nothing.pdf', `missing file 'nothing.pdf' (${put})`],
    ['deep/er/B.JPG', "missing file 'deep/er/B.JPG' (did you mean deep/er/b.jpg?)"],
    ['deeep/er/b.jpg', "missing file 'deeep/er/b.jpg' (did you mean deep?)"],
    ['no%20such.pdf#x', `missing file 'no such.pdf' (${put})`],
    ['a.jpg/b', "'a.jpg' is not a folder (correct the path)"],
    ['deep', "'deep' is a folder (name a file in it)"],
    ['deep/', "'deep/' is a folder (name a file in it)"],
    ['.', "'.' is a folder (name a file in it)"],
    ['deep/..', "'deep/..' is a folder (name a file in it)"],
    ['../a.jpg', `'../a.jpg' leaves the article's folder (${beside})`],
    ['deep/../../a.jpg', `'deep/../../a.jpg' leaves the article's folder (${beside})`],
    ['%2e%2e/a.jpg', `'../a.jpg' leaves the article's folder (${beside})`],
    ['..%2fa.jpg', `'../a.jpg' leaves the article's folder (${beside})`],
    ['/etc/passwd', `'/etc/passwd' is an absolute path (${beside} and name it from there)`],
    ['%2fetc/passwd', `'/etc/passwd' is an absolute path (${beside} and name it from there)`],
    ['C:\\x.jpg', `'C:\\x.jpg' is an absolute path (${beside} and name it from there)`],
    ['c:x.jpg', `'c:x.jpg' is an absolute path (${beside} and name it from there)`],
    ['\\\\server\\x', `'\\\\server\\x' is an absolute path (${beside} and name it from there)`],
    ['deep\\er\\b.jpg', "'deep\\er\\b.jpg' has backslashes (write deep/er/b.jpg)"],
    ['..\\b.jpg', `'..\\b.jpg' has backslashes (${beside})`],
    ['.git/config', "'.git' is hidden (rename it, so that it does not begin with a dot)"],
    ['deep/.b.jpg', "'.b.jpg' is hidden (rename it, so that it does not begin with a dot)"],
    ['a%00.jpg', 'the path has control characters (rename the file)'],
    ['a%0a.jpg', 'the path has control characters (rename the file)'],
    [`${'x'.repeat(5000)}.jpg`, `missing file '${'x'.repeat(5000)}.jpg' (${put})`],
  ])('refuses %s', (reference, message) => {
    expect(find(folderWith(files), reference)).toBe(message)
  })

  it.skipIf(!isUnix).each([
    ['ab:c.png', `the name 'ab:c.png' has a : (${rename})`],
    ['a*.png', `the name 'a*.png' has a * (${rename})`],
    ['a"b.png', `the name 'a"b.png' has a " (${rename})`],
    ['a<b.png', `the name 'a<b.png' has a < (${rename})`],
    ['a|b.png', `the name 'a|b.png' has a | (${rename})`],
    ['a?b.png', `the name 'a?b.png' has a ? (${rename})`],
    ['a.png.', `the name 'a.png.' ends in a dot or space (${rename})`],
    ['a.png ', `the name 'a.png ' ends in a dot or space (${rename})`],
    ['dir /a.png', `the name 'dir /a.png' ends in a dot or space (${rename})`],
    ['con', `the name 'con' is a device on Windows (${rename})`],
    ['Aux.png', `the name 'Aux.png' is a device on Windows (${rename})`],
    ['lpt1.tar.gz', `the name 'lpt1.tar.gz' is a device on Windows (${rename})`],
    ['conout$', `the name 'conout$' is a device on Windows (${rename})`],
    ['\u00a0a.png', `the name '\u00a0a.png' begins or ends with a blank (${rename})`],
    ['\u202egnp.exe', `the name '\u202egnp.exe' has characters that cannot be seen (${rename})`],
  ])('refuses the file %s, which not every system can store', (name, message) => {
    const folder = folderWith({ [name]: 'a' })
    expect(find(folder, name)).toBe(message)
  })

  it('refuses a path that is too long', () => {
    const path = `${`${'x'.repeat(200)}/`.repeat(5)}a.png`
    expect(find(folderWith({ [path]: 'a' }), path)).toMatch(/^the path of 'x{50}'… is longer than 1000 bytes/)
  })

  it.skipIf(!isUnix)('refuses what is not a regular file', () => {
    const folder = folderWith({})
    makePipe(join(folder, 'pipe'))
    expect(find(folder, 'pipe')).toBe("'pipe' is not a regular file (put the file itself there)")
  })

  it('refuses a file that is too large, unread', () => {
    const folder = folderWith({ 'large.bin': '', 'at-the-limit.bin': '' })
    truncateSync(join(folder, 'large.bin'), 64 * 1024 ** 3 + 1)
    truncateSync(join(folder, 'at-the-limit.bin'), 64 * 1024 ** 3)
    expect(find(folder, 'large.bin')).toBe("'large.bin' is larger than 64 GiB (link to it where it is published)")
    expect(find(folder, 'at-the-limit.bin')).toBe('assets/at-the-limit.bin')
  })

  it('refuses more than 10,000 files', () => {
    const folder = folderWith({ 'f.jpg': 'a' })
    const assets = new AssetFolder(folder)
    for (let index = 0; index < 10_000; index++) linkSync(join(folder, 'f.jpg'), join(folder, `${index}.jpg`))
    for (let index = 0; index < 10_000; index++) assets.find(`${index}.jpg`)
    expect(assets.list()).toHaveLength(10_000)
    expect(assets.find('f.jpg')).toMatchObject({
      problem: 'the article refers to more than 10000 files',
      hint: 'split the article',
    })
    expect(assets.find('9999.jpg')).toHaveProperty('asset')
  })

  it('says what a file is', () => {
    const { path, size, mediaType } = assetOf(folderWith({ 'Deep/A.JPG': 'four' }), 'Deep/A.JPG')
    expect({ path, size, mediaType }).toEqual({ path: 'assets/Deep/A.JPG', size: 4, mediaType: 'image/jpeg' })
  })
})

describe.skipIf(!isUnix)('symbolic links', () => {
  const leaves = "is a symbolic link that leaves the article's folder (put the file itself there)"

  it('are followed within the folder', () => {
    const folder = folderWith({ 'deep/a.jpg': 'a' })
    symlinkSync('deep/a.jpg', join(folder, 'b.jpg'))
    symlinkSync('deep', join(folder, 'other'))
    symlinkSync(join(folder, 'deep'), join(folder, 'absolute'))
    expect(find(folder, 'b.jpg')).toBe('assets/b.jpg')
    expect(find(folder, 'other/a.jpg')).toBe('assets/other/a.jpg')
    expect(find(folder, 'absolute/a.jpg')).toBe('assets/absolute/a.jpg')
  })

  it('are refused where they leave it', () => {
    const outside = folderWith({ 'secret.jpg': 's', 'a/b.jpg': 's' })
    const folder = folderWith({ 'deep/a.jpg': 'a' })
    symlinkSync(join(outside, 'secret.jpg'), join(folder, 'file.jpg'))
    symlinkSync(join(outside, 'a'), join(folder, 'folder'))
    symlinkSync('..', join(folder, 'up'))
    symlinkSync('../..', join(folder, 'deep/up'))
    symlinkSync('file.jpg', join(folder, 'twice.jpg'))
    expect(find(folder, 'file.jpg')).toBe(`'file.jpg' ${leaves}`)
    expect(find(folder, 'twice.jpg')).toBe(`'twice.jpg' ${leaves}`)
    expect(find(folder, 'folder/b.jpg')).toBe(`'folder' ${leaves}`)
    expect(find(folder, 'folder/nothing.jpg')).toBe(`'folder' ${leaves}`)
    expect(find(folder, 'up/x')).toBe(`'up' ${leaves}`)
    expect(find(folder, 'deep/up/x')).toBe(`'deep/up' ${leaves}`)
  })

  it('are refused where the folder is only the beginning of the name', () => {
    const folder = folderWith({ 'site/x': 'a', 'site-private/secret.jpg': 's' })
    symlinkSync('../site-private/secret.jpg', join(folder, 'site/a.jpg'))
    expect(find(join(folder, 'site'), 'a.jpg')).toBe(`'a.jpg' ${leaves}`)
  })

  it('are refused where they lead to something hidden, or nowhere', () => {
    const folder = folderWith({ '.git/config': 's' })
    symlinkSync('.git/config', join(folder, 'a.txt'))
    symlinkSync('nothing', join(folder, 'b.txt'))
    symlinkSync('c.txt', join(folder, 'c.txt'))
    expect(find(folder, 'a.txt')).toBe("'a.txt' is a symbolic link to a hidden file (put the file itself there)")
    expect(find(folder, 'b.txt')).toBe("'b.txt' is a broken symbolic link to 'nothing' (put the file itself there)")
    expect(find(folder, 'c.txt')).toBe("'c.txt' is a broken symbolic link to 'c.txt' (put the file itself there)")
  })
})

// Elsewhere the file system has them collide before.
describe.skipIf(process.platform !== 'linux')('names that collide', () => {
  it('are refused where case is all the difference', () => {
    const folder = folderWith({ 'A.jpg': 'a', 'a.JPG': 'b', 'straße.png': 'c', 'STRASSE.png': 'd' })
    const assets = new AssetFolder(folder)
    expect(assets.find('A.jpg')).toHaveProperty('asset')
    expect(assets.find('a.JPG')).toEqual({
      problem: "'a.JPG' and 'A.jpg' are one name where case is ignored",
      hint: 'rename one of them',
      missing: false,
    })
    expect(assets.find('straße.png')).toHaveProperty('asset')
    expect(assets.find('STRASSE.png')).toHaveProperty('problem')
    expect(assets.list().map(({ path }) => path)).toEqual(['assets/A.jpg', 'assets/straße.png'])
  })

  it('are refused where the normal form is all the difference', () => {
    const folder = folderWith({ 'é.png': 'a', 'e\u0301.png': 'b' })
    const assets = new AssetFolder(folder)
    expect(assets.find('é.png')).toHaveProperty('asset')
    expect(assets.find('e\u0301.png')).toHaveProperty('problem')
  })
})

describe('read', () => {
  const bytes = (length: number) => Uint8Array.from({ length }, (_, index) => (index * 31 + (index >> 8)) & 255)

  it.each([
    [0, []],
    [1, [1]],
    [chunk - 1, [chunk - 1]],
    [chunk, [chunk]],
    [chunk + 1, [chunk, 1]],
    [3 * chunk, [chunk, chunk, chunk]],
  ])('gives %i bytes in full chunks', async (length, sizes) => {
    const content = bytes(length)
    const chunks = await readAll(assetOf(folderWith({ a: content }), 'a'))
    expect(chunks.map((each) => each.byteLength)).toEqual(sizes)
    expect(Buffer.concat(chunks).equals(content)).toBe(true)
    expect(new Set(chunks.map(({ buffer }) => buffer)).size).toBe(sizes.length)
    expect(
      chunks.every(({ byteOffset, buffer, byteLength }) => byteOffset === 0 && buffer.byteLength === byteLength),
    ).toBe(true)
  })

  it('reads again', async () => {
    const asset = assetOf(folderWith({ a: 'abc' }), 'a')
    expect(Buffer.concat(await readAll(asset)).toString()).toBe('abc')
    expect(Buffer.concat(await readAll(asset)).toString()).toBe('abc')
  })

  it.each<[string, (path: string) => void]>([
    ['grew', (path) => writeFileSync(path, 'abcd')],
    ['shrank', (path) => writeFileSync(path, 'ab')],
    [
      'was written again',
      (path) => {
        writeFileSync(path, 'xyz')
        utimesSync(path, 1, 1)
      },
    ],
    ['was removed', (path) => unlinkSync(path)],
    [
      'is another file',
      (path) => {
        writeFileSync(`${path}2`, 'abc')
        renameSync(`${path}2`, path)
      },
    ],
    [
      'is a symbolic link',
      (path) => {
        renameSync(path, `${path}2`)
        symlinkSync(`${path}2`, path)
      },
    ],
    [
      'is a folder',
      (path) => {
        unlinkSync(path)
        mkdirSync(path)
      },
    ],
  ])('refuses a file that %s', async (_, change) => {
    const folder = folderWith({ 'a.bin': 'abc' })
    const asset = assetOf(folder, 'a.bin')
    change(join(folder, 'a.bin'))
    const { code, message } = await errorOf(readAll(asset))
    expect({ code, message }).toEqual({ code: 'article', message: 'a.bin changed while it was read' })
  })

  it('refuses a file that grew and had its time set back', async () => {
    const folder = folderWith({ 'a.bin': 'abc' })
    utimesSync(join(folder, 'a.bin'), 1, 1)
    const asset = assetOf(folder, 'a.bin')
    appendFileSync(join(folder, 'a.bin'), 'd')
    utimesSync(join(folder, 'a.bin'), 1, 1)
    expect((await errorOf(readAll(asset))).message).toBe('a.bin changed while it was read')
  })

  it('refuses a file that changes while it is read', async () => {
    const folder = folderWith({ 'a.bin': bytes(4 * chunk) })
    const asset = assetOf(folder, 'a.bin')
    const read = async () => {
      for await (const _ of asset.read()) truncateSync(join(folder, 'a.bin'), chunk)
    }
    expect((await errorOf(read())).message).toBe('a.bin changed while it was read')
  })

  it('stops when it is told, and when nobody reads on', async () => {
    const folder = folderWith({ a: bytes(5 * chunk) })
    const asset = assetOf(folder, 'a')
    const stop = new AbortController()
    const read = async () => {
      for await (const _ of asset.read(stop.signal)) stop.abort(new Error('stopped'))
    }
    await expect(read()).rejects.toThrow('stopped')
    for await (const _ of asset.read()) {
      expect(openFilesIn(folder)).toHaveLength(process.platform === 'linux' ? 1 : 0)
      break
    }
    expect(openFilesIn(folder)).toEqual([])
  })
})

/** The files in a folder that this process has open, where the system tells. */
function openFilesIn(folder: string): string[] {
  if (process.platform !== 'linux') return []
  const inside = realpathSync(folder)
  return readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      const file = readlinkSync(`/proc/self/fd/${name}`)
      return file.startsWith(inside) ? [file] : []
    } catch {
      return []
    }
  })
}
