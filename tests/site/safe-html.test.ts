import { describe, expect, it } from 'vitest'
import { assetName, isStillDrawing } from '../../src/site/safe-file.ts'
import { readSafeHtml } from '../../src/site/safe-html.ts'
import { samples } from '../bundle/articles.ts'
import { filesOf } from '../bundle/bundles.ts'

const move = (address: string, attribute: string) => `${attribute}="moved/${address}"`

describe('readSafeHtml', () => {
  it.each(samples)('leaves the article of a page of ovn as it is: $name', async ({ article, site, edition }) => {
    const page = Buffer.from((await filesOf(article, site, edition)).get('index.html') ?? []).toString()
    const inner = page.slice(page.indexOf('<article>') + 9, page.lastIndexOf('</article>'))
    const keep = (address: string, attribute: string) =>
      `${attribute}="${address.replaceAll('&', '&amp;').replaceAll("'", '&#39;')}"`
    expect(readSafeHtml(inner, keep)).toBe(inner)
  })

  it('moves the files of the bundle, and nothing else', () => {
    const text = '<p><a href="assets/a.pdf">a</a> <a href="https://x.example/assets/b">b</a> <a href="#h-x">c</a></p>'
    expect(readSafeHtml(text, move)).toBe(text.replace('"assets/a.pdf"', '"moved/assets/a.pdf"'))
  })

  it.each([
    '<script>alert(1)</script>',
    '<p onclick="x">x</p>',
    '<p style="position:fixed">x</p>',
    '<a href="javascript:alert(1)">x</a>',
    '<a href="java&#10;script:alert(1)">x</a>',
    '<a href="data:text/html,x">x</a>',
    '<a href="//elsewhere.example/">x</a>',
    '<a href="../other/">x</a>',
    '<img src="https://tracker.example/x.png" alt="">',
    '<img src="assets/x.png" srcset="https://tracker.example/x.png" alt="">',
    '<iframe src="assets/x.html"></iframe>',
    '<form action="https://x.example/"></form>',
    '<svg><p>x</p></svg>',
    '<p class="ipfs">x</p>',
    '<p class="notice">x</p>',
    '<p id="location">x</p>',
    '<p data-ovn-check="">x</p>',
    '<article>x</article>',
    '<!-- x --><p>x</p>',
    '<p>x',
    'x</p>',
    '<p><b>x</p></b>',
    '<p class=body>x</p>',
    "<p class='body'>x</p>",
    '<P>x</P>',
    '<p>&bogus;</p>',
    '<p>a < b</p>',
    '<p dir="ltr" dir="rtl">x</p>',
    '<a href="#a"><a href="#b">x</a></a>',
    '<p>\u0000</p>',
    '<meta http-equiv="refresh" content="0">',
    '<base href="https://x.example/">',
  ])('refuses %s', (text) => {
    expect(readSafeHtml(text, move)).toBeUndefined()
  })

  it('refuses an address of a file that is not there', () => {
    expect(readSafeHtml('<img src="assets/x.png" alt="">', () => undefined)).toBeUndefined()
  })

  it('is quick about a page that is made to be slow', () => {
    expect(readSafeHtml('<p '.repeat(200_000), move)).toBeUndefined()
    expect(readSafeHtml(`<p${' a="b"'.repeat(100_000)}`, move)).toBeUndefined()
    expect(readSafeHtml('<b>'.repeat(200_000), move)).toBeUndefined()
  })
})

describe('the name of a file in a site', () => {
  it.each([
    ['assets/a.PNG', 'cid.png'],
    ['assets/a.pdf', 'cid.pdf'],
    ['assets/a.html', 'cid.txt'],
    ['assets/a.xhtml', 'cid.bin'],
    ['assets/a.js', 'cid.txt'],
    ['assets/a.svg', 'cid.txt'],
    ['assets/.htaccess', 'cid.bin'],
    ['assets/a.php', 'cid.bin'],
    ['assets/noextension', 'cid.bin'],
  ])('of %s is %s', (path, name) => {
    expect(assetName(path, 'cid', false)).toBe(name)
  })

  it.each([
    ['<svg xmlns="http://www.w3.org/2000/svg"><rect width="1" height="1"/></svg>', true],
    [
      '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x">\n<!-- <script> -->\n<svg><g/></svg>',
      true,
    ],
    ['<svg><script>alert(1)</script></svg>', false],
    ['<svg><s:script xmlns:s="http://www.w3.org/2000/svg">alert(1)</s:script></svg>', false],
    ['<svg onload="alert(1)"/>', false],
    ['<svg><rect\nonclick = "alert(1)"/></svg>', false],
    ['<svg><foreignObject/></svg>', false],
    ['<svg><a href="javascript:alert(1)"><text>x</text></a></svg>', false],
    ['<svg><set attributeName="href" to="javascript:alert(1)"/></svg>', false],
    ['<!DOCTYPE svg [<!ENTITY x "<script/>">]><svg>&x;</svg>', false],
    ['<?xml-stylesheet href="x.xsl"?><svg/>', false],
    ['<svg><![CDATA[<script>]]></svg>', false],
    ['<svg><h:iframe xmlns:h="http://www.w3.org/1999/xhtml"/></svg>', false],
  ])('keeps a drawing where nothing in it can run: %s', (text, still) => {
    expect(isStillDrawing(Buffer.from(text))).toBe(still)
  })

  it('takes a drawing in another encoding for one that runs', () => {
    expect(isStillDrawing(Buffer.from('<svg/>', 'utf16le'))).toBe(false)
    expect(isStillDrawing(Buffer.from([0x3c, 0xff, 0x3e]))).toBe(false)
  })
})
