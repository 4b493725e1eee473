// The pages that the server writes itself. Every text in them is escaped, and they allow nothing but their own style, by its hash.

import { hash } from 'node:crypto'

/** Text for a page: with characters that turn text around or cannot be seen written as visible escapes. */
export function escapeHtml(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (character) => {
      const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase()
      return code.length > 4 ? `\\u{${code}}` : `\\u${code.padStart(4, '0')}`
    })
    .replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

const style = `
:root { color-scheme: light dark; --ink: #1c1b1a; --quiet: #5d5a56; --rule: #d9d6d1; --paper: #fff; --accent: #0f4f7d; }
@media (prefers-color-scheme: dark) { :root { --ink: #e5e2dd; --quiet: #a5a19a; --rule: #403e3c; --paper: #171615; --accent: #94c5ec; } }
body { margin: 0 auto; padding: 2.5rem 1.25rem; max-width: 52rem; background: var(--paper); color: var(--ink);
  font: 1rem/1.6 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.15rem; font-weight: 600; line-height: 1.4; margin: 0 0 1.5rem; }
a { color: var(--accent); text-underline-offset: .18em; }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
ul { list-style: none; margin: 0; padding: 0; }
li { display: flex; flex-wrap: wrap; gap: 0 1rem; justify-content: space-between; padding: .45rem 0; border-block-start: 1px solid var(--rule); }
p, time { color: var(--quiet); }
.ipfs-hash, code { font: .8125rem/1.9 ui-monospace, monospace; color: var(--quiet); }
pre { white-space: pre-wrap; font: .875rem/1.6 ui-monospace, monospace; }
`

const styleHash = `'sha256-${hash('sha256', style, 'base64')}'`

/** What a page of our own may do: show its style, and the images of its own origin. */
export const ownPolicy = `default-src 'none'; style-src ${styleHash}; img-src 'self'; media-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

/** Tells one version of our pages from another, for their tags. */
export function versionOf(template: string): string {
  return hash('sha256', style + template, 'hex').slice(0, 16)
}

/** A whole page. `title` is text, `body` is HTML. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
${body}
</body>
</html>
`
}
