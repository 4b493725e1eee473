import { posix, win32 } from 'node:path'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { bundlePath, compareBytes, pathToUrl } from '../../src/bundle/paths.ts'
import { OvnError } from '../../src/errors.ts'

describe('bundlePath', () => {
  it.each([
    'index.html',
    'assets/a b.png',
    'assets/100%.png',
    'assets/Þórsdóttir/深/🐚.jpg',
    'assets/...',
    'assets/.hidden',
    'assets/a:b',
    `assets/${'é'.repeat(127)}x`,
  ])('accepts %j as it is', (path) => {
    expect(bundlePath(path)).toBe(path)
  })

  it.each([
    ['', 'it is empty'],
    ['/etc/passwd', 'it is absolute'],
    ['c:/windows', 'it is absolute'],
    ['C:x', 'it is absolute'],
    ['.', "it has the segment '.'"],
    ['..', "it has the segment '..'"],
    ['assets/../../x', "it has the segment '..'"],
    ['assets/./x', "it has the segment '.'"],
    ['assets//x', 'it has an empty segment'],
    ['assets/', 'it has an empty segment'],
    ['assets\\x', 'it has a backslash'],
    ['..\\x', 'it has a backslash'],
    ['assets/a\0.png', 'it has a control character'],
    ['assets/a\n.png', 'it has a control character'],
    ['assets/a\u001b[2J', 'it has a control character'],
    ['assets/a\u007f', 'it has a control character'],
    ['assets/a\u0085', 'it has a control character'],
    ['assets/e\u0301.png', 'it is not in Unicode normal form NFC'],
    ['assets/\ud800.png', 'it is not Unicode text'],
    [`assets/${'é'.repeat(128)}`, 'it has a segment of more than 255 bytes'],
  ])('refuses %j: %s', (path, wrong) => {
    expect(() => bundlePath(path)).toThrow(
      expect.objectContaining({ code: 'damaged', message: `unsafe path in bundle: ${JSON.stringify(path)}: ${wrong}` }),
    )
  })

  it('lets no path through that leaves its folder, on any system', () => {
    const piece = fc.constantFrom('..', '.', '/', '\\', 'C:', 'a', ' ', '\0', 'é', '~')
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join('')),
        (text) => {
          let path: string
          try {
            path = bundlePath(text)
          } catch (error) {
            expect(error).toBeInstanceOf(OvnError)
            return
          }
          expect(posix.resolve('/folder', path)).toBe(`/folder/${path}`)
          expect(win32.resolve('D:\\folder', path)).toBe(`D:\\folder\\${path.replaceAll('/', '\\')}`)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('compareBytes', () => {
  it('orders by UTF-8 bytes where UTF-16 units would order otherwise', () => {
    const names = ['\u{1f41a}', '\uff5e', 'é', 'b', 'B', 'a/b', 'a', 'a-b', '']
    expect(names.toSorted(compareBytes)).toEqual(['', 'B', 'a', 'a-b', 'a/b', 'b', 'é', '\uff5e', '\u{1f41a}'])
  })
})

describe('pathToUrl', () => {
  it('leads back to the file, whatever its name', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
        const segments = name.split('/').filter((segment) => !['', '.', '..'].includes(segment))
        const path = ['assets', ...segments].join('/')
        const url = new URL(pathToUrl(path), 'http://gateway.example/ipfs/cid/')
        expect(decodeURIComponent(url.pathname)).toBe(`/ipfs/cid/${path}`)
        expect(url.search + url.hash).toBe('')
      }),
    )
  })
})
