import { describe, expect, it } from 'vitest'
import { folderWith, render } from './articles.ts'

const files = {
  'photo.jpg': 'jpg',
  'my photo.jpg': 'jpg',
  '100%.png': 'png',
  'C#.pdf': 'pdf',
  'doc.pdf': 'pdf',
  'clip.mp4': 'mp4',
  'talk.mp3': 'mp3',
  'other.md': 'md',
  'deep/photo.jpg': 'jpg',
  'café.png': 'png',
  "it's (1).png": 'png',
}

function html(text: string, options: Parameters<typeof render>[1] = {}) {
  const rendered = render(text, { folder: folderWith(files), ...options })
  expect(rendered.problems).toEqual([])
  return rendered.html
}

const image = (src: string, alt = 'A') => `<img src="assets/${src}" alt="${alt}" decoding="async">`

describe('text', () => {
  it.each([
    ['a *b* **c** ~~d~~ `e`', '<p>a <em>b</em> <strong>c</strong> <s>d</s> <code>e</code></p>'],
    ['“a” -- b... (c)', '<p>“a” -- b... (c)</p>'],
    ['a\\\nb  \nc\nd', '<p>a<br>\nb<br>\nc\nd</p>'],
    ['> a\n> b', '<blockquote>\n<p>a\nb</p>\n</blockquote>'],
    ['- a\n- b', '<ul>\n<li>a</li>\n<li>b</li>\n</ul>'],
    ['3. a', '<ol start="3">\n<li>a</li>\n</ol>'],
    ['---', '<hr>'],
    ['    a < b', '<pre tabindex="0"><code>a &lt; b\n</code></pre>'],
    ['```ts x\na < b\n```', '<pre tabindex="0"><code class="language-ts">a &lt; b\n</code></pre>'],
    ['```"onload=x\na\n```', '<pre tabindex="0"><code>a\n</code></pre>'],
    ['a &amp; b &copy; &#1; <', '<p>a &amp; b © \ufffd &lt;</p>'],
    ['a\u0001b\u0085c\fd', '<p>a\ufffdb\ufffdc d</p>'],
    [
      '- [ ] a\n- [x] b\n- [X] *c*\n- [y] d\n- [ ]e',
      '<ul>\n<li class="task"><span class="box">☐</span> a</li>\n<li class="task"><span class="box">☑</span> b</li>\n<li class="task"><span class="box">☑</span> <em>c</em></li>\n<li>[y] d</li>\n<li>[ ]e</li>\n</ul>',
    ],
  ])('%j', (text, expected) => {
    expect(html(text).trim()).toBe(expected)
  })
})

describe('raw HTML', () => {
  it.each([
    ['H<sub>2</sub>O<sup>+</sup>', '<p>H<sub>2</sub>O<sup>+</sup></p>'],
    [
      '<kbd>a</kbd> <mark>b</mark> <small>c</small> <cite>d</cite> <q>e</q>',
      '<p><kbd>a</kbd> <mark>b</mark> <small>c</small> <cite>d</cite> <q>e</q></p>',
    ],
    [
      '<ins>a</ins> <del>b</del> <s>c</s> <u>d</u> <b>e</b> <i>f</i> <em>g</em> <strong>h</strong>',
      '<p><ins>a</ins> <del>b</del> <s>c</s> <u>d</u> <b>e</b> <i>f</i> <em>g</em> <strong>h</strong></p>',
    ],
    ['a<br>b<BR/>c<br />d', '<p>a<br>\nb<br>\nc<br>\nd</p>'],
    ['<SUB >a</SUB >', '<p><sub>a</sub></p>'],
    ['<sub>*a* <sup>b</sup></sub>', '<p><sub><em>a</em> <sup>b</sup></sub></p>'],
    ['*<sub>a</sub>*', '<p><em><sub>a</sub></em></p>'],
    ['a <!-- b --> c <!----> d <!--> e <!---> f', '<p>a  c  d  e  f</p>'],
    ['<!-- a -->\nb', '<p>b</p>'],
    ['a\n<!-- b -->\nc', '<p>a</p>\n<p>c</p>'],
    ['<!-- a\n\nb\n\n# c -->\nd', '<p>d</p>'],
    ['<!-- a\n\nb --> c *d*', '<p>c <em>d</em></p>'],
    ['<!-- a --> b', '<p> b</p>'],
    ['<!-- a --> <!-- b\n\nc -->', ''],
    ['> <!-- a\n>\n> b -->\n> c', '<blockquote>\n<p>c</p>\n</blockquote>'],
    ['- <!-- a\n\n  b -->\n  c', '<ul>\n<li>c</li>\n</ul>'],
    ['`<!-- a -->`', '<p><code>&lt;!-- a --&gt;</code></p>'],
    ['    <!-- a -->', '<pre tabindex="0"><code>&lt;!-- a --&gt;\n</code></pre>'],
    ['1 < 2 > 0 <3 a<b', '<p>1 &lt; 2 &gt; 0 &lt;3 a&lt;b</p>'],
    ['\\<div> &lt;div&gt; `<div>`', '<p>&lt;div&gt; &lt;div&gt; <code>&lt;div&gt;</code></p>'],
  ])('keeps or drops without a word: %j', (text, expected) => {
    const rendered = render(text)
    expect(rendered.html.trim().replace('<p> b', '<p> b')).toBe(expected)
    expect(rendered.notices).toEqual([])
  })

  it.each([
    ['a <div>b</div>', '1:3', '<p>a &lt;div&gt;b&lt;/div&gt;</p>'],
    ['<script>\nalert(1)\n</script>', '1:1', '<p>&lt;script&gt;\nalert(1)\n&lt;/script&gt;</p>'],
    ['a\n\nb <sub class="x">c</sub>', '3:3', '<p>a</p>\n<p>b &lt;sub class=&quot;x&quot;&gt;c&lt;/sub&gt;</p>'],
    ['a <sub>b', '1:3', '<p>a &lt;sub&gt;b</p>'],
    ['a </sub> b', '1:3', '<p>a &lt;/sub&gt; b</p>'],
    ['<sub>a <sup>b</sub></sup>', '1:8', '<p><sub>a &lt;sup&gt;b</sub>&lt;/sup&gt;</p>'],
    ['*a <sub>b* c</sub>', '1:4', '<p><em>a &lt;sub&gt;b</em> c&lt;/sub&gt;</p>'],
    ['<sub>a\n\nb</sub>', '1:1', '<p>&lt;sub&gt;a</p>\n<p>b&lt;/sub&gt;</p>'],
    ['a <!-- b', '1:3', '<p>a &lt;!-- b</p>'],
    ['<!-- a\n\nb', '1:1', '<p>&lt;!-- a</p>\n<p>b</p>'],
    ['<?php x ?>', '1:1', '<p>&lt;?php x ?&gt;</p>'],
    ['<!DOCTYPE html>', '1:1', '<p>&lt;!DOCTYPE html&gt;</p>'],
    ['> - a <b class=x>', '1:7', '<blockquote>\n<ul>\n<li>a &lt;b class=x&gt;</li>\n</ul>\n</blockquote>'],
    ['|a|b|\n|-|-|\n|c|d <p>|', '3:6', undefined],
  ])('shows as text: %j', (text, place, expected) => {
    const rendered = render(text)
    if (expected !== undefined) expect(rendered.html.trim()).toBe(expected)
    expect(rendered.notices).toEqual([`${place} raw HTML is shown as text (write it in Markdown)`])
  })

  it('is noticed once', () => {
    expect(render('<div>\n\n<p>\n\n<sub>').notices).toHaveLength(1)
  })
})

describe('headings', () => {
  it.each([
    ['# a\n\n## b\n\n### c', '<h2 id="h-b">b</h2>\n<h3 id="h-c">c</h3>', 'a'],
    ['a\n\n# b\n\nc', '<p>a</p>\n<p>c</p>', 'b'],
    ['a\n=\n\nb', '<p>b</p>', 'a'],
    ['# *a* `b` &amp; [c](https://d.e) ![f](photo.jpg)\n\ng', '<p>g</p>', 'a b & c f'],
    ['# \n\n# b', '', 'b'],
    ['> # a', '<blockquote>\n<h2 id="h-a">a</h2>\n</blockquote>', undefined],
    ['a', '<p>a</p>', undefined],
  ])('takes the headline of %j', (text, expected, headline) => {
    const rendered = render(text, { folder: folderWith(files) })
    expect(rendered.html.trim()).toBe(expected)
    expect(rendered.headline).toBe(headline)
  })

  it('drops a headline that repeats the title, and keeps another', () => {
    expect(html('# A  b\n\nc', { title: 'A  b' })).toBe('<p>c</p>\n')
    expect(html('<!-- x -->\n\n# Cafe\u0301\n\nc', { title: 'Café' })).toBe('<p>c</p>\n')
    expect(html('# a\n\nb', { title: 'c' })).toBe('<h2 id="h-a">a</h2>\n<p>b</p>\n')
    expect(html('b\n\n# a', { title: 'a' })).toBe('<p>b</p>\n<h2 id="h-a">a</h2>\n')
  })

  it.each([
    ['## a', [2]],
    ['### a\n## b', [2, 2]],
    ['#### a\n##### b\n###### c', [2, 3, 4]],
    ['## a\n#### b\n### c\n## d', [2, 3, 3, 2]],
    ['# a\n## b\n# c\n### d', [2, 3, 2, 3]],
    ['# a\n## b\n### c\n#### d\n##### e\n###### f', [2, 3, 4, 5, 6, 6]],
    ['## a\n\n> #### b\n\n### c', [2, 3, 3]],
  ])('never skips a level going down: %j', (text, levels) => {
    const found = [...html(text, { title: 't' }).matchAll(/<h(\d) /g)].map(([, level]) => Number(level))
    expect(found).toEqual(levels)
  })

  it('gives every heading an id of its own', () => {
    const text = '## Straße & Café\n## a\n## a\n## a-1\n## a\n## Новини\n## 🎉\n## \n## 🎉\n## <b>'
    const ids = [...html(text).matchAll(/id="([^"]*)"/g)].map(([, id]) => id)
    expect(ids).toEqual([
      'h-strasse-cafe',
      'h-a',
      'h-a-1',
      'h-a-1-1',
      'h-a-2',
      'h-новини',
      'h-section',
      'h-section-1',
      'h-b',
    ])
  })
})

describe('links', () => {
  it.each([
    ['[a](https://b.c/d?e=f&g#h)', '<a href="https://b.c/d?e=f&amp;g#h">a</a>'],
    ['[a](HTTP://b.c "t")', '<a href="HTTP://b.c" title="t">a</a>'],
    ['[a](<http://müller.de/ü ü>)', '<a href="http://xn--mller-kva.de/%C3%BC%20%C3%BC">a</a>'],
    [
      '[a](mailto:b@c.d) [e](tel:+123) [f](ipfs://bafy/x) [g](ipns://k51)',
      '<a href="mailto:b@c.d">a</a> <a href="tel:+123">e</a> <a href="ipfs://bafy/x">f</a> <a href="ipns://k51">g</a>',
    ],
    ['<https://a.b> <c@d.e>', '<a href="https://a.b">https://a.b</a> <a href="mailto:c@d.e">c@d.e</a>'],
    ['https://a.b/c. example.org, d@e.f', '<a href="https://a.b/c">https://a.b/c</a>. example.org, d@e.f'],
    ['ftp://a.b //c.d', 'ftp://a.b //c.d'],
    ['[a][b]\n\n[b]: https://c.d', '<a href="https://c.d">a</a>'],
    ['[](https://a.b)', '<a href="https://a.b">https://a.b</a>'],
    ['[a <https://b.c> d](https://e.f)', '<a href="https://e.f">a https://b.c d</a>'],
    [
      '[a](doc.pdf) [b](./deep/../doc.pdf#page=2) [c](doc.pdf?x=1)',
      '<a href="assets/doc.pdf">a</a> <a href="assets/doc.pdf#page=2">b</a> <a href="assets/doc.pdf">c</a>',
    ],
    ['[a](C#.pdf) [b](C%23.pdf) [c](C#.pdf#x)', undefined],
    ['[a](other.md#b)', '<a href="assets/other.md#b">a</a>'],
    ['[a](doc.pdf#%22%3E%20x)', '<a href="assets/doc.pdf#%22%3E%20x">a</a>'],
  ])('%j', (text, expected) => {
    if (expected === undefined) return expect(render(text, { folder: folderWith(files) }).problems).toHaveLength(1)
    expect(html(text)).toBe(`<p>${expected}</p>\n`)
    expect(render(text, { folder: folderWith(files) }).notices).toEqual([])
  })

  it.each([
    ['[a](#straße)\n## Straße', '<a href="#h-strasse">a</a>'],
    ['[a](#Strasse)\n## Straße', '<a href="#h-strasse">a</a>'],
    ['[a](#h-b)\n## B', '<a href="#h-b">a</a>'],
    ['[a](#b-1)\n## B\n## B', '<a href="#h-b-1">a</a>'],
    [
      '[a](#%D0%BD%D0%BE%D0%B2%D0%B8%D0%BD%D0%B8)\n## Новини',
      '<a href="#h-%D0%BD%D0%BE%D0%B2%D0%B8%D0%BD%D0%B8">a</a>',
    ],
    ['[a](#fn-1)[^x]\n\n[^x]: y', '<a href="#fn-1">a</a>'],
  ])('names a place of the page: %j', (text, expected) => {
    const rendered = render(text)
    expect(rendered.html).toContain(`<p>${expected}`)
    expect(rendered.notices).toEqual([])
  })

  const schemes = 'links may have http, https, mailto, tel, ipfs and ipns'
  const heading = 'name a heading, such as #the-words-of-it'

  it.each([
    ['x [a](javascript:alert(1))', `1:3 a link to a javascript: address is text (${schemes})`],
    ['x [a](JAVASCRIPT:alert)', `1:3 a link to a javascript: address is text (${schemes})`],
    ['x [a](data:text/html,b)', `1:3 a link to a data: address is text (${schemes})`],
    ['x [a](file:///etc/passwd)', `1:3 a link to a file: address is text (${schemes})`],
    ['x [a](vbscript:b)', `1:3 a link to a vbscript: address is text (${schemes})`],
    ['x [a](ftp://b.c)', `1:3 a link to a ftp: address is text (${schemes})`],
    ['x [a][b]\n\n[b]: javascript:c', `1:3 a link to a javascript: address is text (${schemes})`],
    ['x [a](java&Tab;script:b)', '1:3 a link with control characters is text (correct the address)'],
    ['x [a](<\u0001javascript:b>)', undefined],
    ['x [a](https:b)', '1:3 a link to https:b is text, because that is no address (correct the address)'],
    ['x [a](https://)', '1:3 a link to https:// is text, because that is no address (correct the address)'],
    ['x [a](https://b:c)', '1:3 a link to https://b:c is text, because that is no address (correct the address)'],
    ['x [a]()', '1:3 a link without an address is text (add the address)'],
    ['x [a](#nowhere)', `1:3 a link to #nowhere is text, because nothing has that name (${heading})`],
    ['x [a](#)', `1:3 a link to # is text, because nothing has that name (${heading})`],
    [
      'x [a](/b)',
      '1:3 a link to /b is text, because its site is not known (write the whole address, or `url:` in the front matter)',
    ],
    [
      'x [a](//b.c/d)',
      '1:3 a link to //b.c/d is text, because its site is not known (write the whole address, or `url:` in the front matter)',
    ],
    [
      'x [a](?b)',
      '1:3 a link to ?b is text, because its site is not known (write the whole address, or `url:` in the front matter)',
    ],
    ['y\n\n- x [a](#b)', `3:5 a link to #b is text, because nothing has that name (${heading})`],
    ['x ^[y [a](#b)]', `1:7 a link to #b is text, because nothing has that name (${heading})`],
  ])('keeps the text of %j alone', (text, notice) => {
    const rendered = render(text)
    if (notice !== undefined) expect(rendered.notices).toEqual([notice])
    expect(rendered.html).toMatch(/[xy] a/)
    expect(rendered.html).not.toMatch(/href="(?!#fn)/)
  })

  it.each([
    ['/about', 'https://a.b/about'],
    ['//c.d/e', 'https://c.d/e'],
    ['?p=1', 'https://a.b/news/story?p=1'],
    ['other', 'https://a.b/news/other'],
    ['../old/x.html?y#z', 'https://a.b/old/x.html?y#z'],
    ['sub/', 'https://a.b/news/sub/'],
    ['x.php', 'https://a.b/news/x.php'],
    ['doc.pdf', 'assets/doc.pdf'],
  ])('reads %s from the canonical address', (destination, href) => {
    expect(html(`[x](${destination})`, { url: 'https://a.b/news/story' })).toBe(`<p><a href="${href}">x</a></p>\n`)
  })

  const put = 'put the file beside the article, or correct the path'

  it.each([
    ['x [a](b.pdf)', {}, `1:3 missing file 'b.pdf' (${put})`],
    ['x [a](b.pdf)', { url: 'https://a.b/' }, `1:3 missing file 'b.pdf' (${put})`],
    ['x [a](b)', {}, `1:3 missing file 'b' (${put})`],
    ['x\n[a](Doc.pdf)', {}, "2:1 missing file 'Doc.pdf' (did you mean doc.pdf?)"],
    ['x\ny [a](deep/foto.jpg)', {}, "2:3 missing file 'deep/foto.jpg' (did you mean deep/photo.jpg?)"],
    ['x\n\n[a][b]\n\n[b]: c%20d.pdf#e', {}, `3:1 missing file 'c d.pdf' (${put})`],
    ['x [a](deep)', {}, "1:3 'deep' is a folder (name a file in it)"],
    [
      'x [a](../x.pdf)',
      { url: 'https://a.b/' },
      "1:3 '../x.pdf' leaves the article's folder (put the file beside the article)",
    ],
  ])('reports of %j with %j', (text, options, problem) => {
    expect(render(text, { folder: folderWith(files), ...options }).problems).toEqual([problem])
  })
})

describe('images', () => {
  it.each([
    ['a ![A](photo.jpg)', `<p>a ${image('photo.jpg')}</p>`],
    ['![A](photo.jpg)', `<figure>${image('photo.jpg')}</figure>`],
    ['![A](photo.jpg "B *c* <d>")', `<figure>${image('photo.jpg')}<figcaption>B *c* &lt;d&gt;</figcaption></figure>`],
    [
      '[![A](photo.jpg "B")](https://c.d)',
      `<figure><a href="https://c.d">${image('photo.jpg')}</a><figcaption>B</figcaption></figure>`,
    ],
    ['![A](photo.jpg) ![A](deep/photo.jpg)', `<p>${image('photo.jpg')} ${image('deep/photo.jpg')}</p>`],
    ['- ![A](photo.jpg)', `<ul>\n<li>${image('photo.jpg')}</li>\n</ul>`],
    ['a ![A](photo.jpg "B")', '<p>a <img src="assets/photo.jpg" alt="A" title="B" decoding="async"></p>'],
    ['a ![*A* `b` "c" ![d](x)](photo.jpg)', `<p>a ${image('photo.jpg', 'A b &quot;c&quot; d')}</p>`],
    ['a ![A](my%20photo.jpg)', `<p>a ${image('my%20photo.jpg')}</p>`],
    ['a ![A](<my photo.jpg>)', `<p>a ${image('my%20photo.jpg')}</p>`],
    ['a ![A](100%25.png) ![A](100%.png)', `<p>a ${image('100%25.png')} ${image('100%25.png')}</p>`],
    [
      'a ![A](café.png) ![A](cafe\u0301.png) ![A](caf%C3%A9.png)',
      `<p>a ${Array(3).fill(image('caf%C3%A9.png')).join(' ')}</p>`,
    ],
    ["a ![A](<it's (1).png>)", `<p>a ${image("it's%20(1).png")}</p>`],
    ['a ![A](photo.jpg?w=1#x)', `<p>a ${image('photo.jpg#x')}</p>`],
    [
      '![A](clip.mp4 "B")',
      '<figure><video src="assets/clip.mp4" controls="" preload="metadata" aria-label="A"></video><figcaption>B</figcaption></figure>',
    ],
    [
      'a ![A](talk.mp3)',
      '<p>a <audio src="assets/talk.mp3" controls="" preload="metadata" aria-label="A"></audio></p>',
    ],
    ['[![A](clip.mp4)](https://b.c)', '<p><a href="https://b.c">A</a></p>'],
    ['![A](doc.pdf) ![](doc.pdf)', '<p><a href="assets/doc.pdf">A</a> <a href="assets/doc.pdf">doc.pdf</a></p>'],
  ])('%j', (text, expected) => {
    expect(html(text).trim()).toBe(expected)
  })

  const remote = 'a remote image is not archived (save it beside the article and name that file)'

  it.each([
    ['x ![a](https://b.c/d.png)', {}, '<a href="https://b.c/d.png">a</a>'],
    ['x ![](https://b.c/d.png)', {}, '<a href="https://b.c/d.png">https://b.c/d.png</a>'],
    ['x ![a](ipfs://bafy/d.png)', {}, '<a href="ipfs://bafy/d.png">a</a>'],
    ['x ![a](//b.c/d.png)', {}, '<a href="https://b.c/d.png">a</a>'],
    ['x ![a](/d.png)', { url: 'https://b.c/e/' }, '<a href="https://b.c/d.png">a</a>'],
    ['x ![a](https://)', {}, 'a'],
    ['x ![a](data:image/png;base64,AA)', {}, 'a'],
    ['x ![a](blob:https://b.c)', {}, 'a'],
    ['x ![a](javascript:b)', {}, 'a'],
  ])('loads nothing for %j', (text, options, expected) => {
    const rendered = render(text, options)
    expect(rendered.html).toBe(`<p>x ${expected}</p>\n`)
    expect(rendered.notices).toEqual([`1:3 ${remote}`])
  })

  it('does not put a link into a link', () => {
    const rendered = render('[x ![a](https://b.c/d.png)](https://e.f)')
    expect(rendered.html).toBe('<p><a href="https://e.f">x a</a></p>\n')
    expect(rendered.notices).toEqual([`1:4 ${remote}`])
  })

  it('notices an image without alternative text', () => {
    const { notices, html } = render('x ![](photo.jpg)', { folder: folderWith(files) })
    expect(html).toContain(image('photo.jpg', ''))
    expect(notices).toEqual(['1:3 an image has no alternative text (say in the brackets what it shows)'])
  })

  it.each([
    ['x ![a](foto.jpg)', "1:3 missing file 'foto.jpg' (did you mean photo.jpg?)"],
    ['x ![a]()', '1:3 an image names no file (write the path of the image in the parentheses)'],
    [
      'x ![a](/photo.jpg)',
      "1:3 '/photo.jpg' is an absolute path (put the file beside the article and name it from there)",
    ],
    [
      'x ![a](C:/photo.jpg)',
      "1:3 'C:/photo.jpg' is an absolute path (put the file beside the article and name it from there)",
    ],
    ['|a|\n|-|\n|b ![a](x.jpg)|', "3:4 missing file 'x.jpg' (put the file beside the article, or correct the path)"],
    ['> a\n> b ![a](x.jpg)', "2:5 missing file 'x.jpg' (put the file beside the article, or correct the path)"],
    ['# a\n\n## b ![a](x.jpg)', "3:6 missing file 'x.jpg' (put the file beside the article, or correct the path)"],
    ['a[^1]\n\n[^1]: b ![a](x.jpg)', "3:9 missing file 'x.jpg' (put the file beside the article, or correct the path)"],
    ['[![a](x.jpg)](https://b.c)', "1:2 missing file 'x.jpg' (put the file beside the article, or correct the path)"],
  ])('reports of %j', (text, problem) => {
    expect(render(text, { folder: folderWith(files) }).problems).toEqual([problem])
  })

  it('counts lines in the file', () => {
    expect(render('a\n\n![a](x.jpg) ![b](y.jpg)', { firstLine: 11 }).problems.map((line) => line.slice(0, 5))).toEqual([
      '13:1 ',
      '13:13',
    ])
  })
})

describe('tables', () => {
  it('are aligned by class and scroll', () => {
    const text = '|a|b|c|d|\n|:-|:-:|-:|-|\n|1|2|3|*4*|\n\n| |b|\n|-|-|\n|1|2|'
    expect(html(text)).toBe(`<div class="table" role="region" tabindex="0" aria-label="Table 1">
<table>
<thead>
<tr>
<th class="align-left" scope="col">a</th>
<th class="align-center" scope="col">b</th>
<th class="align-right" scope="col">c</th>
<th scope="col">d</th>
</tr>
</thead>
<tbody>
<tr>
<td class="align-left">1</td>
<td class="align-center">2</td>
<td class="align-right">3</td>
<td><em>4</em></td>
</tr>
</tbody>
</table>
</div>
<div class="table" role="region" tabindex="0" aria-label="Table 2">
<table>
<thead>
<tr>
<td></td>
<th scope="col">b</th>
</tr>
</thead>
<tbody>
<tr>
<td>1</td>
<td>2</td>
</tr>
</tbody>
</table>
</div>
`)
  })

  it('are named in the language of the article', () => {
    expect(html('|a|\n|-|', { language: 'uk' })).toContain('aria-label="Таблиця 1"')
  })
})

describe('footnotes', () => {
  const note = (number: number, text: string, ...references: string[]) =>
    `<li id="fn-${number}"><p>${text} ${references.map((id) => `<a class="footnote-back" href="#fnref-${id}" role="doc-backlink" aria-label="Back to reference ${id}">↩\ufe0e</a>`).join(' ')}</p>\n</li>\n`
  const reference = (number: number, id = String(number)) =>
    `<sup class="footnote-ref"><a href="#fn-${number}" id="fnref-${id}" role="doc-noteref">${number}</a></sup>`
  const section = (...notes: string[]) =>
    `<section class="footnotes" role="doc-endnotes" aria-label="Footnotes">\n<ol>\n${notes.join('')}</ol>\n</section>\n`

  it.each([
    ['a[^x]\n\n[^x]: b', `<p>a${reference(1)}</p>\n${section(note(1, 'b', '1'))}`],
    ['a[^x] b[^x]\n\n[^x]: c', `<p>a${reference(1)} b${reference(1, '1-2')}</p>\n${section(note(1, 'c', '1', '1-2'))}`],
    ['a^[*b*]', `<p>a${reference(1)}</p>\n${section(note(1, '<em>b</em>', '1'))}`],
    [
      'a[^y]^[b]\n\nc[^x]\n\n[^x]: d\n[^y]: e',
      `<p>a${reference(1)}${reference(2)}</p>\n<p>c${reference(3)}</p>\n${section(note(1, 'e', '1'), note(2, 'b', '2'), note(3, 'd', '3'))}`,
    ],
    [
      'a[^x]\n\n[^x]: b[^y]\n[^y]: c',
      `<p>a${reference(1)}</p>\n${section(note(1, `b${reference(2)}`, '1'), note(2, 'c', '2'))}`,
    ],
    ['a[^x]\n\n[^x]: b[^x]', `<p>a${reference(1)}</p>\n${section(note(1, `b${reference(1, '1-2')}`, '1', '1-2'))}`],
    ['[a^[e] b](https://c.d)', `<p><a href="https://c.d">a b</a>${reference(1)}</p>\n${section(note(1, 'e', '1'))}`],
    ['a[^__proto__]\n\n[^__proto__]: b', `<p>a${reference(1)}</p>\n${section(note(1, 'b', '1'))}`],
  ])('%j', (text, expected) => {
    expect(html(text)).toBe(expected)
  })

  it('hold several paragraphs, links and images', () => {
    const text = 'a[^x]\n\n[^x]: b\n\n    c\n\n    - d\n'
    expect(html(text)).toContain('<li id="fn-1"><p>b</p>\n<p>c</p>\n<ul>\n<li>d</li>\n</ul>\n <a class="footnote-back"')
  })

  it('are named in the language of the article', () => {
    expect(html('a^[b]', { language: 'de-AT' })).toContain('aria-label="Zurück zur Textstelle 1"')
    expect(html('a^[b]', { language: 'fr' })).toContain('role="doc-endnotes" aria-label="Notes"')
  })

  it('in the headline or an alternative text do not count', () => {
    const rendered = render('# a[^x]\n\nb[^y] ![c[^z]](photo.jpg)\n\n[^x]: d\n[^y]: e\n[^z]: f', {
      folder: folderWith(files),
    })
    expect(rendered.headline).toBe('a')
    expect(rendered.html).toContain(section(note(1, 'e', '1')))
    expect(rendered.notices).toEqual([
      '5:1 footnote [^x] is left out, because nothing refers to it (put [^x] where it belongs)',
      '7:1 footnote [^z] is left out, because nothing refers to it (put [^z] where it belongs)',
    ])
  })

  it('are noticed without a note, and reported with two', () => {
    expect(render('a b[^x]').notices).toEqual(['1:4 footnote [^x] has no note (add a line that begins with [^x]:)'])
    expect(render('a[^x]\n\n[^x]: b\n\n[^x]: c').problems).toEqual([
      '5:1 footnote [^x] is defined twice (give each note a label of its own)',
    ])
  })
})

describe('assets', () => {
  it('are listed once, sorted', () => {
    const { assets } = render('![a](photo.jpg) ![b](deep/photo.jpg) [c](doc.pdf) [d](./doc.pdf#x) ![e](photo.jpg)', {
      folder: folderWith(files),
    })
    expect(assets).toEqual(['assets/deep/photo.jpg', 'assets/doc.pdf', 'assets/photo.jpg'])
  })
})
