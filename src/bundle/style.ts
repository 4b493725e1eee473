// The page's only style sheet. Typography and nothing else: no image, no font file, no request. Logical properties
// throughout, so that a page written from right to left is the same page. Every colour pair has WCAG AA contrast.
// A page carries these bytes and allows them by their hash: a change here is a change of every page, and of its CID.

const source = `
:root {
  color-scheme: light dark;
  --ink: #1c1b1a; --quiet: #5d5a56; --rule: #d9d6d1; --wash: #f4f2ef; --paper: #fff; --accent: #0f4f7d;
  --text: "Iowan Old Style", Charter, "Source Serif 4", "Noto Serif", Georgia, serif;
  --label: system-ui, sans-serif; --leading: 1.6; --tight: 1.14; --spacing: -.012em;
}
@media screen and (prefers-color-scheme: dark) {
  :root { --ink: #e5e2dd; --quiet: #a5a19a; --rule: #403e3c; --wash: #242321; --paper: #171615; --accent: #94c5ec; }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body {
  margin: 0; background: var(--paper); color: var(--ink);
  font: 1.125rem/var(--leading) var(--text); text-wrap: pretty; overflow-wrap: break-word;
}
.masthead, main, .about { width: min(100% - 2.5rem, 36rem); margin-inline: auto; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: .18em; }
a:hover { text-decoration-thickness: 2px; }
a:focus-visible, [tabindex]:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
p, ul, ol, pre, .table { margin-block: 1.1em; }

.masthead, .categories, .byline, .dates, figcaption, .table, .colophon, .about { font-family: var(--label); }
.masthead {
  display: flex; flex-wrap: wrap; align-items: baseline; gap: .1rem .9rem;
  margin-block: 1.5rem 3.5rem; padding-block-end: .8rem; border-block-end: 1px solid var(--rule);
}
.masthead p { margin: 0; font-size: .875rem; color: var(--quiet); }
.masthead .name { font: 700 1.25rem/1.3 var(--text); color: var(--ink); }
.masthead a { color: inherit; text-decoration: none; }
.masthead a:hover { text-decoration: underline; }
main:first-child { margin-block-start: 3.5rem; }

h1, h2, h3, h4, h5, h6 { text-wrap: balance; line-height: 1.25; margin-block: 2em .6em; }
h1 { font-size: clamp(1.9rem, 1.5rem + 2vw, 2.5rem); line-height: var(--tight); letter-spacing: var(--spacing); margin-block: 0 .5em; }
h2 { font-size: 1.4rem; }
h3 { font-size: 1.2rem; }
h4, h5, h6 { font-size: 1rem; }
.categories { margin-block: 0 .6rem; font-size: .875rem; font-weight: 600; color: var(--accent); }
.summary { margin-block: 0 1.2em; font-size: 1.25rem; line-height: 1.45; color: var(--quiet); }
.byline, .dates { margin-block: 0; font-size: .875rem; color: var(--quiet); }
.dates span { display: inline-block; }
.credit { display: block; }
.byline b, .byline a { font-weight: 600; color: var(--ink); unicode-bidi: isolate; }
.body { margin-block-start: 2.25rem; }

figure { margin-block: 2em; margin-inline: 0; }
img, video, audio { display: block; max-width: 100%; max-height: 90vh; height: auto; margin-inline: auto; }
audio { width: 100%; }
figcaption { margin-block-start: .6em; font-size: .875rem; line-height: 1.45; color: var(--quiet); }
blockquote { margin: 1.8em 0; padding-inline-start: 1.1em; border-inline-start: 3px solid var(--accent); }
blockquote > :first-child { margin-block-start: 0; }
blockquote > :last-child { margin-block-end: 0; }
blockquote > p:only-child { font-size: 1.375rem; line-height: 1.4; text-wrap: balance; }
ul, ol { padding-inline-start: 1.4em; }
li { margin-block: .35em; }
li > :is(p, ul, ol) { margin-block: .4em; }
.task { list-style: none; }
.box { display: inline-block; width: 1.4em; margin-inline-start: -1.4em; }
hr { width: 6rem; margin: 2.6em auto; border: 0; border-block-start: 1px solid var(--quiet); }
sup, sub { font-size: .7em; line-height: 0; }
[role=doc-noteref], [role=doc-backlink] { text-decoration: none; font-family: var(--label); }
:target { background: var(--wash); }
[role=doc-endnotes] { margin-block-start: 3em; padding-block-start: .4em; border-block-start: 1px solid var(--rule); font-size: .9rem; }
code, pre, kbd { font-family: ui-monospace, "SF Mono", Menlo, Consolas, monospace; font-size: .86em; direction: ltr; unicode-bidi: isolate; }
code { background: var(--wash); padding: .1em .25em; box-decoration-break: clone; }
pre { padding: .9em 1.1em; background: var(--wash); line-height: 1.5; text-align: left; overflow-x: auto; }
pre code { padding: 0; font-size: 1em; }
.table { overflow-x: auto; font-size: .9rem; line-height: 1.4; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: lining-nums tabular-nums; overflow-wrap: normal; }
caption { padding-block-end: .6em; text-align: start; font-weight: 600; }
th, td { padding-block: .5em; padding-inline: 0 .9em; border-block-end: 1px solid var(--rule); text-align: start; vertical-align: top; }
:is(th, td):last-child { padding-inline-end: 0; }
thead th { border-block-end: 2px solid var(--ink); vertical-align: bottom; }
.align-center { text-align: center; }
.align-right { text-align: right; }
.align-left { text-align: left; }

.corrections { margin-block: 3em 0; padding-block: .9em; border-block: 1px solid var(--rule); font-size: 1rem; }
.corrections h2 { margin-block: 0 .5em; font-size: 1.125rem; }
.corrections ul { margin: 0; padding: 0; list-style: none; }
.corrections time { font: .875rem var(--label); color: var(--quiet); }
.colophon { margin-block-start: 2.5em; font-size: .875rem; color: var(--quiet); }
.colophon p { margin-block: .4em; }
.about { margin-block: 4rem 3rem; padding-block-start: 1.2rem; border-block-start: 1px solid var(--rule); font-size: .875rem; line-height: 1.55; color: var(--quiet); }
.about h2 { margin-block: 0 .5em; font-size: 1rem; color: var(--ink); }
.about p, .about pre { margin-block: .7em; }
.about pre { padding: .7em .9em; white-space: pre-wrap; }

[dir=rtl], :lang(zh), :lang(ja), :lang(ko) { --spacing: 0; }
[dir=rtl] { --text: "Noto Naskh Arabic", "Geeza Pro", "Segoe UI", "Times New Roman", serif; --leading: 1.85; --tight: 1.4; }
:lang(zh), :lang(ja), :lang(ko) { --text: serif; --leading: 1.8; --tight: 1.3; line-break: strict; text-autospace: normal; }
:lang(zh) { --text: "Noto Serif CJK SC", "Source Han Serif SC", "Songti SC", "Microsoft YaHei", sans-serif; }
:lang(zh-Hant), :lang(zh-TW), :lang(zh-HK) { --text: "Noto Serif CJK TC", "Source Han Serif TC", "Songti TC", "Microsoft JhengHei", sans-serif; }
:lang(zh) .body > p, :lang(ja) .body > p { text-align: justify; }
[dir=rtl] body { font-size: 1.25rem; }
[dir=rtl] em, :lang(zh) em, :lang(ja) em, :lang(ko) em { font-style: normal; font-weight: 600; }

@media (min-width: 56rem) {
  .lead { margin-inline: -6rem; }
  .lead figcaption { padding-inline: 6rem; }
}
@media (max-width: 30rem) {
  body { hyphens: auto; hyphenate-limit-chars: 10 4 4; }
  .masthead { margin-block-end: 2.25rem; }
}
@media print {
  :root { color-scheme: light; --ink: #000; --quiet: #333; --accent: #000; --wash: #fff; --rule: #999; }
  @page { margin: 2cm; }
  body { font-size: 11pt; }
  .masthead, main, .about { width: auto; max-width: 36rem; }
  .lead { margin-inline: 0; }
  .lead figcaption { padding-inline: 0; }
  h1, h2, h3, h4 { break-after: avoid; }
  figure, blockquote, tr, pre { break-inside: avoid; }
  p { orphans: 3; widows: 3; }
  .table { overflow: visible; }
  pre { white-space: pre-wrap; }
  .body a[href^=http]::after, .byline a[href^=http]::after, .colophon a[href^=http]:not(.source)::after {
    content: " (" attr(href) ")"; font-size: .8em; overflow-wrap: anywhere;
  }
}
`

/** The style sheet as it stands in a page. */
export const style = minify(source)

/** The hash of {@link style} as a Content Security Policy names it: base64 of SHA-256. A constant, so that no page waits for it. */
export const styleHash = 'sha256-7DvzJFxFqDSwrO+ywV16L2QpVCPjoOozaNWmcgKF1c0='

/** Takes out the white space that means nothing. Enough for the sheet above, which has no comments and no such strings. */
function minify(css: string): string {
  return css
    .replace(/\s+/g, ' ')
    .replace(/ ?([{};,>]) ?/g, '$1')
    .replace(/: /g, ':')
    .replaceAll(';}', '}')
    .trim()
}
