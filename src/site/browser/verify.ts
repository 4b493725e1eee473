// The script of a page that shows an archived article. It puts a button into every slot; the check itself, `check.js` beside it, is
// loaded when somebody presses one. It needs `script-src 'self'; connect-src 'self'` and nothing else.
//
//   <div data-ovn-check data-cid="bafy…" data-car="/ipfs/bafy….car"></div>
//
// `data-limit` may lower the bytes that are downloaded at most. `<article data-ovn-article>` is the archived article as it is; the
// slot may be inside it, in a `<details>` of its own. A page that is built otherwise marks the parts that it shows: the text with
// `data-ovn-article`, and `-headline`, `-summary`, `-byline`, `-date` (each a `time`, in the archived order) and `-lead`.
//
// The check speaks the language that the slot is in, where it knows that, and English otherwise. A page can bring other words, those
// of `words.ts` and the three below, in `<template data-ovn-words lang="de">{"verify": "…", …}</template>`.

/** The words of the button, and of what happens where the others cannot be loaded. */
interface ButtonWords {
  readonly verify: string
  readonly stop: string
  readonly notLoaded: string
}

const languages: Readonly<Record<string, readonly [verify: string, stop: string, notLoaded: string]>> = {
  en: ['Verify in your browser', 'Stop', 'The check could not be loaded. Check the connection, and try again.'],
  ar: ['تحقَّق في متصفحك', 'إيقاف', 'تعذر تحميل أداة الفحص. تحقق من الاتصال وحاول مرة أخرى.'],
  de: ['Im Browser prüfen', 'Anhalten', 'Die Prüfung ließ sich nicht laden. Bitte die Verbindung prüfen.'],
  es: ['Comprobar en el navegador', 'Detener', 'No se pudo cargar la comprobación. Compruebe la conexión.'],
  fr: ['Vérifier dans le navigateur', 'Arrêter', 'La vérification n’a pas pu être chargée. Vérifiez la connexion.'],
  it: ['Verifica nel browser', 'Ferma', 'Non è stato possibile caricare la verifica. Controllare la connessione.'],
  pl: ['Sprawdź w przeglądarce', 'Zatrzymaj', 'Nie udało się wczytać sprawdzania. Sprawdź połączenie.'],
  pt: ['Verificar no navegador', 'Parar', 'Não foi possível carregar a verificação. Verifique a ligação.'],
  ru: ['Проверить в браузере', 'Остановить', 'Не удалось загрузить проверку. Проверьте соединение.'],
  tr: ['Tarayıcıda denetle', 'Durdur', 'Denetim yüklenemedi. Bağlantıyı denetleyin.'],
  uk: ['Перевірити у браузері', 'Зупинити', 'Не вдалося завантажити перевірку. Перевірте з’єднання.'],
  zh: ['在浏览器中核实', '停止', '无法加载核实程序。请检查网络连接。'],
  'zh-hant': ['在瀏覽器中核實', '停止', '無法載入核實程式。請檢查網路連線。'],
}

function languageOf(slot: Element): string {
  const tag = slot.closest('[lang]')?.getAttribute('lang')?.toLowerCase() ?? ''
  if (/^zh-(hant|tw|hk|mo)\b/.test(tag)) return 'zh-hant'
  const language = tag.split('-')[0] ?? ''
  return Object.hasOwn(languages, language) ? language : 'en'
}

function readWords(template: HTMLTemplateElement | null): Record<string, string> {
  try {
    return JSON.parse(template?.content.textContent ?? '{}')
  } catch {
    return {}
  }
}

function addButtons(): void {
  for (const slot of document.querySelectorAll<HTMLElement>('[data-ovn-check]')) {
    if (slot.querySelector('.ovn-check-button') === null) addButton(slot)
  }
}

function addButton(slot: HTMLElement): void {
  const template = document.querySelector<HTMLTemplateElement>('template[data-ovn-words]')
  const language = languageOf(slot)
  const [verify, stop, notLoaded] = languages[language] as readonly [string, string, string]
  const own: Record<string, string> & ButtonWords = { verify, stop, notLoaded, ...readWords(template) }
  const button = document.createElement('button')
  button.type = 'button'
  button.className = 'ovn-check-button'
  button.textContent = own.verify
  // It is there before it says anything, or nobody would hear it.
  const box = document.createElement('div')
  box.className = 'ovn-check-result'
  box.setAttribute('role', 'status')
  box.tabIndex = -1
  // Words in another language than the page's say which it is.
  const isEnglish = template === null && language === 'en'
  for (const element of [button, box]) {
    if (isEnglish || template?.lang) element.lang = template?.lang || 'en'
    if (isEnglish || template?.dir) element.dir = template?.dir || 'ltr'
  }

  let running: AbortController | undefined
  button.addEventListener('click', async () => {
    if (running !== undefined) return running.abort()
    running = new AbortController()
    button.textContent = own.stop
    box.setAttribute('aria-busy', 'true')
    try {
      const { check } = await import('./check.ts')
      await check(slot, box, language, own, running.signal)
    } catch {
      box.textContent = own.notLoaded
    }
    running = undefined
    button.textContent = own.verify
    box.setAttribute('aria-busy', 'false')
    if (document.activeElement === button || document.activeElement === document.body) box.focus()
  })
  slot.append(button, box)
  slot.hidden = false
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', addButtons)
else addButtons()
