// The script of a page that shows an archived article. It puts a button into every slot; the check itself, `check.js` beside it, is
// loaded when somebody presses one. It needs `script-src 'self'; connect-src 'self'` and nothing else.
//
//   <div data-ovn-check data-cid="bafy…" data-car="/ipfs/bafy….car"></div>
//
// `data-limit` may lower the bytes that are downloaded at most. `<article data-ovn-article>` is the archived article as it is; the
// slot may be inside it, in a `<details>` of its own. A page that is built otherwise marks the parts that it shows: the text with
// `data-ovn-article`, and `-headline`, `-summary`, `-byline`, `-date` (each a `time`, in the archived order) and `-lead`.
// `<template data-ovn-words lang="de">{"verify": "…", …}</template>` holds the words of a page in another language: those of
// `words.ts` and the three below. Those that are absent are English.

const words = {
  verify: 'Verify in your browser',
  stop: 'Stop',
  notLoaded: 'The check could not be loaded. Check the connection, and try again.',
}

function readWords(template: HTMLTemplateElement | null): Record<string, string> & typeof words {
  try {
    return { ...words, ...JSON.parse(template?.content.textContent ?? '{}') }
  } catch {
    return words
  }
}

function addButtons(): void {
  const template = document.querySelector<HTMLTemplateElement>('template[data-ovn-words]')
  const own = readWords(template)
  for (const slot of document.querySelectorAll<HTMLElement>('[data-ovn-check]')) {
    if (slot.querySelector('.ovn-check-button') === null) addButton(slot, own, template)
  }
}

function addButton(slot: HTMLElement, own: typeof words, template: HTMLTemplateElement | null): void {
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'ovn-check-button'
  button.textContent = own.verify
  // It is there before it says anything, or nobody would hear it.
  const box = document.createElement('div')
  box.className = 'ovn-check-result'
  box.role = 'status'
  box.tabIndex = -1
  for (const element of [button, box]) {
    if (template === null || template.lang !== '') element.lang = template?.lang ?? 'en'
    if (template === null || template.dir !== '') element.dir = template?.dir ?? 'ltr'
  }

  let running: AbortController | undefined
  button.addEventListener('click', async () => {
    if (running !== undefined) return running.abort()
    running = new AbortController()
    button.textContent = own.stop
    box.ariaBusy = 'true'
    try {
      const { check } = await import('./check.ts')
      await check(slot, box, own, running.signal)
    } catch {
      box.textContent = own.notLoaded
    }
    running = undefined
    button.textContent = own.verify
    box.ariaBusy = 'false'
    if (document.activeElement === button || document.activeElement === document.body) box.focus()
  })
  slot.append(button, box)
  slot.hidden = false
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', addButtons)
else addButtons()
