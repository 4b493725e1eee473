import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readArticle } from '../../src/article/read-article.ts'
import { folderWith, render } from './articles.ts'
import { findUnsafe } from './safe-html.ts'

const payloads = [
  '<script>alert(1)</script>',
  '<SCRIPT SRC=https://evil.example/x.js></SCRIPT>',
  '<script\n>alert(1)</script\n>',
  '<scr<script>ipt>alert(1)</scr</script>ipt>',
  '<img src=x onerror=alert(1)>',
  '<img src="x" onerror="alert(1)"/>',
  '<img/src/onerror=alert(1)>',
  '<svg onload=alert(1)>',
  '<svg><script>alert(1)</script></svg>',
  '<svg><animate onbegin=alert(1) attributeName=x>',
  '<math><mtext></p><img src=x onerror=alert(1)></mtext></math>',
  '<iframe src="javascript:alert(1)"></iframe>',
  '<iframe srcdoc="<script>alert(1)</script>">',
  '<object data="javascript:alert(1)">',
  '<embed src="javascript:alert(1)">',
  '<link rel=stylesheet href="https://evil.example/x.css">',
  '<style>@import "https://evil.example/x.css"</style>',
  '<base href="https://evil.example/">',
  '<meta http-equiv=refresh content="0;url=https://evil.example">',
  '<form action="https://evil.example"><input type=submit></form>',
  '<button onclick=alert(1)>x</button>',
  '<details open ontoggle=alert(1)>',
  '<body onload=alert(1)>',
  '<video src=x onerror=alert(1)>',
  '<audio autoplay src="https://evil.example/x.mp3">',
  '<a href="javascript:alert(1)">x</a>',
  '<a href="https://x" onclick=alert(1)>x</a>',
  '<b onmouseover=alert(1)>x</b>',
  '<b/onmouseover=alert(1)>x</b>',
  '<sub style="x:expression(alert(1))">x</sub>',
  '<sub\tonclick=alert(1)>x</sub>',
  '<p style="background:url(javascript:alert(1))">',
  '<div style="background:url(https://evil.example/x.png)">',
  '<template><script>alert(1)</script></template>',
  '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
  '<textarea><script>alert(1)</script></textarea>',
  '<title><script>alert(1)</script></title>',
  '<!--><script>alert(1)</script>-->',
  '<!--->--><script>alert(1)</script>',
  '<!-- --!><script>alert(1)</script> -->',
  '<!-- <!-- --> <script>alert(1)</script> -->',
  '<![CDATA[<script>alert(1)</script>]]>',
  '<?xml-stylesheet href="javascript:alert(1)"?>',
  '<!DOCTYPE html [<!ENTITY x "<script>alert(1)</script>">]>',
  '</p></div></article><script>alert(1)</script>',
  '<sub><sup></sub></sup></p>',
  '<b><i></b><script></i>',
  '<q cite="javascript:alert(1)">x</q>',
  '[x](javascript:alert(1))',
  '[x](JaVaScRiPt:alert(1))',
  '[x]( javascript:alert(1))',
  '[x](<javascript:alert(1)>)',
  '[x](< javascript:alert(1)>)',
  '[x](<java\tscript:alert(1)>)',
  '[x](java&Tab;script:alert(1))',
  '[x](java&NewLine;script:alert(1))',
  '[x](&#1;javascript:alert(1))',
  '[x](&#x6A;avascript:alert(1))',
  '[x](javascript&colon;alert(1))',
  '[x](javascript&#58;alert(1))',
  '[x](j%61vascript:alert(1))',
  '[x](vbscript:msgbox(1))',
  '[x](data:text/html,<script>alert(1)</script>)',
  '[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)',
  '[x](view-source:javascript:alert(1))',
  '[x](blob:https://evil.example/1)',
  '[x](file:///etc/passwd)',
  '[x](https://a.b/"onmouseover="alert(1))',
  '[x](https://a.b/%22%3E%3Cscript%3Ealert(1)%3C/script%3E)',
  '[x](https://a.b "t\\" onmouseover=\\"alert(1)")',
  '[x](https://a.b \'t" onmouseover="alert(1)\')',
  '[x](https://a.b (t"><script>alert(1)</script>))',
  '[x](https:javascript:alert(1))',
  '[x](\\javascript:alert(1))',
  '[x](//evil.example/x)',
  '[x](/\\evil.example)',
  '[x](\\\\evil.example)',
  '[x][y]\n\n[y]: javascript:alert(1) "z"',
  '[x][y]\n\n[y]: <data:text/html,a>',
  '<javascript:alert(1)>',
  '<data:text/html,alert>',
  '<JAVASCRIPT:alert(1)//@x.y>',
  '![x](javascript:alert(1))',
  '![x](data:image/svg+xml,<svg onload=alert(1)>)',
  '![x](https://evil.example/x.png "y" onerror="alert(1)")',
  '![x"onerror="alert(1)](https://evil.example/x.png)',
  '![x"onerror="alert(1)](ok.png)',
  '![x](ok.png \'y"onerror="alert(1)\')',
  '![x](//evil.example/x.png)',
  '![x](https://evil.example/x.mp4)',
  '![![x](https://evil.example/x.png)](https://evil.example/y.png)',
  '[![x](https://evil.example/x.png)](javascript:alert(1))',
  '[a <b>c](https://d.e)</b>',
  '`` `<script>alert(1)</script>` ``',
  '```"><script>alert(1)</script>\n<script>alert(1)</script>\n```',
  '```html onload=alert(1)\n</code></pre><script>alert(1)</script>\n```',
  '    </code></pre><script>alert(1)</script>',
  '# <script>alert(1)</script> {#x onclick=alert(1)}',
  '## " onmouseover="alert(1)',
  '| <script>alert(1)</script> | " onclick="alert(1) |\n|:-:|-:|\n| </td><img src=x onerror=alert(1)> | x |',
  '[^<script>]: x',
  'x[^"><script>]\n\n[^"><script>]: <script>alert(1)</script>',
  'x^[<script>alert(1)</script> [y](javascript:alert(1))]',
  '- [ ] <script>alert(1)</script>',
  '- [x" onclick="alert(1)] y',
  '1e9. <script>alert(1)</script>',
  '99999999999. x',
  'https://a.b/"><script>alert(1)</script>',
  'https://a.b/\u2028<script>alert(1)</script>',
  'mailto:"><script>alert(1)</script>@a.b',
  'javascript:alert(1)',
  '&lt;script&gt;alert(1)&lt;/script&gt;',
  '&#60;script&#62;alert(1)&#60;/script&#62;',
  '\\<script>alert(1)\\</script>',
  '\u0000<script>alert(1)</script>'.slice(1),
  '\ufeff<script>alert(1)</script>',
  '<\u200bscript>alert(1)</script>',
  '＜script＞alert(1)＜/script＞',
  '\u202e<script>alert(1)</script>',
  '<script>\u2028alert(1)</script>',
]

const around = [
  (payload: string) => payload,
  (payload: string) => `x ${payload} y`,
  (payload: string) => `> - ${payload.replaceAll('\n', '\n>   ')}`,
  (payload: string) => `*${payload}* **${payload}** ~~${payload}~~`,
  (payload: string) => `<sub>${payload}</sub>`,
  (payload: string) => `## ${payload}`,
  (payload: string) => `[${payload}](https://a.b)`,
  (payload: string) => `![${payload}](ok.png "${payload}")`,
  (payload: string) => `|a|\n|-|\n|${payload.replaceAll('\n', ' ')}|`,
  (payload: string) => `x^[${payload}]`,
  (payload: string) => `<!-- ${payload}`,
  (payload: string) => `<!--\n\n${payload}\n\n--> ${payload}`,
]

describe('the body of an article', () => {
  it.each(payloads)('is safe with %j', async (payload) => {
    const folder = folderWith({ 'ok.png': 'png' })
    // A file of a tempting name is a problem of its own; only what would be published is of interest here.
    for (const url of [undefined, 'https://a.b/c']) {
      for (const [index, wrap] of around.entries()) {
        const { html } = render(wrap(payload), { folder, ...(url === undefined ? {} : { url }) })
        expect([index, findUnsafe(html), html]).toEqual([index, [], html])
      }
    }
  })

  it.each(payloads)('is safe, read from a file with %j', async (payload) => {
    const folder = folderWith({ 'a.md': `---\ntitle: T\n---\n${payload}\n`, 'ok.png': 'png' })
    const body = await readArticle(`${folder}/a.md`).then(
      (article) => article.body,
      ({ code }) => code,
    )
    expect(body === 'article' ? [] : findUnsafe(body)).toEqual([])
  })

  it('is safe whatever it is made of', () => {
    const folder = folderWith({ 'ok.png': 'png', 'a.mp4': 'mp4' })
    const pieces = fc.constantFrom(
      ...'<>"\'`&;:/()[]!#|*_~^-=+\\ \n\t',
      ...[
        '<script>',
        '</script>',
        '<sub>',
        '</sub>',
        '<b>',
        '</b>',
        '<!--',
        '-->',
        'javascript:',
        'https://a.b',
        '[^1]',
        '[^1]: ',
        '\n\n',
        '](',
        '![',
        'ok.png',
        'a.mp4',
        'x',
        '"',
        '> ',
        '- [ ] ',
        '|-|\n',
        '    ',
        '```',
        'onerror=',
        '<img src=x ',
        '&quot;',
        '&#x3c;',
      ],
    )
    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 40 }), (parts) => {
        expect(findUnsafe(render(parts.join(''), { folder }).html)).toEqual([])
      }),
      { numRuns: 3000 },
    )
  })
})

describe('findUnsafe', () => {
  it.each([
    '<script>x</script>',
    '<p onclick="x">y</p>',
    '<img src="https://a.b/c.png" alt="x">',
    '<img src=x>',
    '<a href="javascript:x">y</a>',
    '<a href="//a.b">y</a>',
    '<a href="java&#9;script:x">y</a>',
    '<p><b>x</p></b>',
    '<p>x',
    '</p>',
    '<!-- x -->',
    '<p>a < b</p>',
    '<p style="x">y</p>',
    '<a href="https://a.b"><a href="https://c.d">x</a></a>',
    '<p>\u0007</p>',
  ])('finds a fault in %j', (html) => {
    expect(findUnsafe(html)).not.toEqual([])
  })
})
