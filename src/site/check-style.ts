// How the check in the browser looks, with the variables of the bundle's style sheet. A state has its sign, its word and its own line
// beside it: none is told by a colour alone.

/** Rules for the elements that `browser/` makes, to stand in the style sheet of a site. */
export const checkStyle = `.ovn-check-button { padding: .45em .9em; border: 1px solid var(--accent); border-radius: 2px; background: transparent; color: var(--accent); font: inherit; font-weight: 600; cursor: pointer; }
.ovn-check-button:hover { background: var(--accent); color: var(--paper); }
.ovn-check-button:focus-visible, .ovn-check-result:focus-visible { outline: 2px solid var(--accent); outline-offset: 3px; }
.ovn-check-result:not(:empty) { margin-block: .8em; padding-inline-start: 1em; border-inline-start: 3px solid var(--rule); color: var(--ink); overflow-wrap: anywhere; }
.ovn-check-result:has(.ovn-check-intact) { border-color: var(--accent); }
.ovn-check-result:has(.ovn-check-damaged, .ovn-check-missing) { border-inline-start: 6px double var(--ink); }
.ovn-check-state { font-size: 1.125rem; }
.ovn-check-problems { margin: 0; padding-inline-start: 1.2em; }
.ovn-check-problems > li { margin-block: .4em; }
.ovn-check-quotes { margin-block: .4em; }
.ovn-check-quotes dt, .ovn-check-read, .ovn-check-same, .ovn-check-trust { color: var(--quiet); }
.ovn-check-quotes dd { margin-inline: 0; margin-block-end: .4em; font-family: var(--text); }
.ovn-check-quotes mark { background: transparent; color: inherit; font-weight: 700; text-decoration: underline; text-decoration-thickness: 2px; }
.ovn-check-progress { inline-size: 100%; accent-color: var(--accent); }
`
