// The site's style sheet: the archived page's own, so that both are of one family, and what only a site has. A file of its own,
// named by its hash: browsers keep it, and the pages' policy needs no exception for it.

import { createHash } from 'node:crypto'
import { style } from '../bundle/style.ts'
import { checkStyle } from './check-style.ts'
import { places } from './paths.ts'

const own = `
main { display: flex; flex-direction: column; }
main > * { width: 100%; }
main > article { display: contents; }
main > article > header, main > header { order: -2; }
main > .notice:first-child { order: -3; }
main > .ipfs { order: -1; }
main > article > .lead { width: auto; margin-block: 1.6em 0; }
main > article > .corrections, main > .versions { margin-block-start: 3em; }

.masthead h1 { margin: 0; letter-spacing: 0; }
[dir=rtl] .masthead .name:dir(ltr) { font-family: "Iowan Old Style", Charter, "Source Serif 4", "Noto Serif", Georgia, serif; }
.masthead .motto { text-wrap: balance; }
.masthead.front { display: block; margin-block: 3rem 2.75rem; padding-block-end: 1.4rem; }
.masthead.front .name { font-size: clamp(1.9rem, 1.5rem + 2vw, 2.5rem); line-height: var(--tight); }
.masthead.front .motto { margin-block-start: .35rem; font-size: 1rem; }

.entries { margin: 0; padding: 0; list-style: none; }
.entries > li { margin-block: 0 2.6rem; }
.entries h2 { margin-block: 0 .3em; font-size: 1.5rem; line-height: 1.2; letter-spacing: var(--spacing); }
.entries [dir=rtl] { font-family: var(--text); }
.entries h2[dir=rtl] { line-height: 1.45; }
.entries h2 a { color: inherit; text-decoration: none; }
.entries h2 a:hover { text-decoration: underline; text-decoration-thickness: 2px; }
.entries .summary { margin-block: 0 .5em; font-size: 1rem; line-height: 1.5; }
.meta, .turn, .row, .filed, .ipfs, .quiet, .versions p:first-child { font-family: var(--label); }
.meta { display: flex; flex-wrap: wrap; gap: .1em .8em; margin: 0; font-size: .875rem; color: var(--quiet); }
.meta a { color: inherit; text-decoration-color: var(--rule); }
.meta a:hover { color: var(--accent); text-decoration-color: currentcolor; }
.list { font-size: 1.9rem; margin-block-end: 1.4em; }
.turn { display: flex; flex-wrap: wrap; gap: .3rem 1.6rem; padding-block-start: 1rem; border-block-start: 1px solid var(--rule); font-size: .875rem; color: var(--quiet); }
.turn span { order: 1; }
.row { display: flex; flex-wrap: wrap; gap: .3rem 1.4rem; margin: 0; padding: 0; list-style: none; font-size: .875rem; }
.row span { color: var(--quiet); }
.row li { margin: 0; }
.index { margin-block: 0 2rem; }
.index h2 { margin-block: 0 .5em; font-size: 1.2rem; }
.index .row { font-size: 1rem; }

.ipfs { margin-block: 1.1rem 0; font-size: .875rem; line-height: 1.55; }
.ipfs summary { width: fit-content; color: var(--accent); font-weight: 600; cursor: pointer; }
.ipfs summary:hover { text-decoration: underline; text-underline-offset: .18em; }
.ipfs summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
.panel { margin-block-start: .7rem; padding-block: .3rem; border-block: 1px solid var(--rule); color: var(--quiet); }
.panel p, .panel pre, .panel .check { margin-block: .6em; }
.panel pre { padding: .5em .8em; color: var(--ink); white-space: pre-wrap; overflow-wrap: anywhere; }
.panel pre + pre { margin-block-start: -.3em; }
.panel abbr { text-decoration: none; }
.copy { color: var(--ink); overflow-wrap: anywhere; user-select: all; }
.check:empty { display: none; }
.cid, .copy { font-size: .875rem; }
.cid { overflow-wrap: anywhere; }

.notice { margin-block: 0 1.6rem; padding-block: .7rem; border-block: 1px solid var(--rule); font-family: var(--label); font-size: .9375rem; line-height: 1.5; }
main > header + .notice { margin-block: 1.6rem 0; }
.notice p { margin-block: .3em; }
.versions h2 { margin-block: 0 .8em; font-size: 1.125rem; }
.versions ol { margin: 0; padding: 0; list-style: none; }
.versions li { margin-block: 0; padding-block: .8em; border-block-start: 1px solid var(--rule); }
.versions li > p { margin-block: .15em; font-size: .875rem; line-height: 1.5; }
.quiet, .filed, .versions span { color: var(--quiet); }
.versions .quiet bdi { color: var(--ink); }
.filed { margin-block-start: 2.4em; padding-block-start: .8em; border-block-start: 1px solid var(--rule); font-size: .875rem; }
.filed p { margin-block: .3em; }
[dir=rtl] :is(.meta, .turn, .row, .filed, .ipfs, .quiet) { font-size: 1rem; }

@media (max-width: 30rem) {
  .masthead.front { margin-block: 2rem 2.25rem; }
  .entries h2 { font-size: 1.35rem; }
}
@media print {
  .about, .turn, .check { display: none; }
  .ipfs::details-content { content-visibility: visible; block-size: auto; }
  .panel { border: 0; }
}
`

/** The bytes of the style sheet. */
export const siteStyle = `${style}\n${own.trim()}\n${checkStyle.trim()}\n`

/** Where the style sheet stands. */
export const stylePlace = places.asset(
  `ovn/site-${createHash('sha256').update(siteStyle).digest('hex').slice(0, 12)}.css`,
)

/** Where the script that checks an article stands, with the files that it loads beside it: all of them name the folder. */
export function scriptFolder(files: ReadonlyMap<string, Uint8Array>): string {
  const sum = createHash('sha256')
  for (const [name, bytes] of files) sum.update(`${name} ${bytes.byteLength}\n`).update(bytes)
  return places.asset(`ovn/verify-${sum.digest('hex').slice(0, 12)}/`)
}
