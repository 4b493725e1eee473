// The fixed words and dates of a page, by language. Written by hand, because a page must not change with the
// locale data of the machine that makes it: what stands here decides CIDs, so a change here is a change of pages.

/** What a page says by itself, in one language. Labels carry no colon; `colon` is put after them. */
export interface Words {
  /** BCP 47 tag of these words; differs from the article's where the article's language has no entry. */
  readonly language: string
  /** Names of the months as they stand in a full date, January first. */
  readonly months: readonly string[]
  /** Between a label and what it labels, with its spaces. */
  readonly colon: string
  /** Between the members of a list, with its spaces. */
  readonly comma: string
  /** Stands before the authors' names, with a space after it unless it ends in `colon`. */
  readonly by: string
  readonly published: string
  readonly updated: string
  readonly correction: string
  readonly corrections: string
  readonly version: string
  /** Followed by a CID. */
  readonly replaces: string
  /** Label of the reason for this version. */
  readonly reason: string
  readonly categories: string
  readonly tags: string
  readonly licence: string
  /** Label of a picture's credit. */
  readonly photo: string
  /** Label of a link to the article on the newsroom's own site. */
  readonly source: string
  readonly footnotes: string
  readonly backToReference: string
  /** Accessible name of a table that scrolls. */
  readonly table: string
  readonly archivedCopy: string
  /** Two sentences for the foot of the page: what it is, and how to check it. */
  readonly about: string
  readonly check: string
  /** Labels of the links to article.md and metadata.json. */
  readonly sourceFile: string
  readonly metadata: string
}

interface Language extends Words {
  /** Between a date and its time, with its spaces. */
  readonly beforeTime: string
  formatDay(year: string, month: string, day: number): string
}

const dayMonthYear = (year: string, month: string, day: number) => `${day} ${month} ${year}`
const dayDeMonthDeYear = (year: string, month: string, day: number) => `${day} de ${month} de ${year}`
const numberedMonths = Array.from({ length: 12 }, (_, index) => `${index + 1}月`)

const en: Language = {
  language: 'en',
  months: 'January February March April May June July August September October November December'.split(' '),
  formatDay: (year, month, day) => `${month} ${day}, ${year}`,
  beforeTime: ', ',
  colon: ': ',
  comma: ', ',
  by: 'By',
  published: 'Published',
  updated: 'Updated',
  correction: 'Correction',
  corrections: 'Corrections',
  version: 'Version',
  replaces: 'This version replaces',
  reason: 'Reason',
  categories: 'Categories',
  tags: 'Tags',
  licence: 'Licence',
  photo: 'Photo',
  source: 'Source',
  footnotes: 'Footnotes',
  backToReference: 'Back to reference',
  table: 'Table',
  archivedCopy: 'Archived copy',
  about: 'This is an archived copy: the page, the source file and its metadata, complete in one folder.',
  check: 'To check that not one byte has changed, compute the CID of the folder again and compare it with its address.',
  sourceFile: 'Source file',
  metadata: 'Metadata',
}

const uk: Language = {
  language: 'uk',
  months: 'січня лютого березня квітня травня червня липня серпня вересня жовтня листопада грудня'.split(' '),
  formatDay: dayMonthYear,
  beforeTime: ', ',
  colon: ': ',
  comma: ', ',
  by: 'Текст:',
  published: 'Опубліковано',
  updated: 'Оновлено',
  correction: 'Виправлення',
  corrections: 'Виправлення',
  version: 'Версія',
  replaces: 'Ця версія замінює',
  reason: 'Причина',
  categories: 'Рубрики',
  tags: 'Теги',
  licence: 'Ліцензія',
  photo: 'Фото',
  source: 'Джерело',
  footnotes: 'Примітки',
  backToReference: 'Назад до тексту',
  table: 'Таблиця',
  archivedCopy: 'Архівна копія',
  about: 'Це архівна копія: сторінка, вихідний файл і його метадані, повністю в одній теці.',
  check: 'Щоб перевірити, що не змінився жоден байт, обчисліть CID теки ще раз і порівняйте його з її адресою.',
  sourceFile: 'Вихідний файл',
  metadata: 'Метадані',
}

const ru: Language = {
  language: 'ru',
  months: 'января февраля марта апреля мая июня июля августа сентября октября ноября декабря'.split(' '),
  formatDay: dayMonthYear,
  beforeTime: ', ',
  colon: ': ',
  comma: ', ',
  by: 'Текст:',
  published: 'Опубликовано',
  updated: 'Обновлено',
  correction: 'Исправление',
  corrections: 'Исправления',
  version: 'Версия',
  replaces: 'Эта версия заменяет',
  reason: 'Причина',
  categories: 'Рубрики',
  tags: 'Теги',
  licence: 'Лицензия',
  photo: 'Фото',
  source: 'Источник',
  footnotes: 'Примечания',
  backToReference: 'Назад к тексту',
  table: 'Таблица',
  archivedCopy: 'Архивная копия',
  about: 'Это архивная копия: страница, исходный файл и его метаданные, полностью в одной папке.',
  check: 'Чтобы проверить, что не изменился ни один байт, вычислите CID папки ещё раз и сравните его с её адресом.',
  sourceFile: 'Исходный файл',
  metadata: 'Метаданные',
}

const ar: Language = {
  language: 'ar',
  months: 'يناير فبراير مارس أبريل مايو يونيو يوليو أغسطس سبتمبر أكتوبر نوفمبر ديسمبر'.split(' '),
  formatDay: dayMonthYear,
  beforeTime: '، ',
  colon: ': ',
  comma: '، ',
  by: 'بقلم',
  published: 'نُشر',
  updated: 'حُدّث',
  correction: 'تصحيح',
  corrections: 'تصحيحات',
  version: 'النسخة',
  replaces: 'تحل هذه النسخة محل',
  reason: 'السبب',
  categories: 'الأقسام',
  tags: 'الوسوم',
  licence: 'الترخيص',
  photo: 'الصورة',
  source: 'المصدر',
  footnotes: 'الحواشي',
  backToReference: 'العودة إلى موضع الإحالة',
  table: 'جدول',
  archivedCopy: 'نسخة مؤرشفة',
  about: 'هذه نسخة مؤرشفة: الصفحة والملف المصدر وبياناته الوصفية كاملة في مجلد واحد.',
  check: 'للتحقق من أن بايتًا واحدًا لم يتغير، احسب معرّف CID للمجلد من جديد وقارنه بعنوانه.',
  sourceFile: 'الملف المصدر',
  metadata: 'البيانات الوصفية',
}

const zh: Language = {
  language: 'zh',
  months: numberedMonths,
  formatDay: (year, month, day) => `${year}年${month}${day}日`,
  beforeTime: ' ',
  colon: '：',
  comma: '、',
  by: '作者：',
  published: '发布于',
  updated: '更新于',
  correction: '更正',
  corrections: '更正',
  version: '版本',
  replaces: '此版本取代',
  reason: '原因',
  categories: '栏目',
  tags: '标签',
  licence: '许可协议',
  photo: '图片',
  source: '来源',
  footnotes: '脚注',
  backToReference: '返回正文',
  table: '表格',
  archivedCopy: '存档副本',
  about: '这是一份存档副本：页面、源文件及其元数据，全部保存在一个文件夹中。',
  check: '要核实没有任何一个字节被改动，请重新计算该文件夹的 CID，并与其地址比较。',
  sourceFile: '源文件',
  metadata: '元数据',
}

const zhHant: Language = {
  language: 'zh-Hant',
  months: numberedMonths,
  formatDay: zh.formatDay,
  beforeTime: ' ',
  colon: '：',
  comma: '、',
  by: '作者：',
  published: '發布於',
  updated: '更新於',
  correction: '更正',
  corrections: '更正',
  version: '版本',
  replaces: '此版本取代',
  reason: '原因',
  categories: '欄目',
  tags: '標籤',
  licence: '授權條款',
  photo: '圖片',
  source: '來源',
  footnotes: '註腳',
  backToReference: '返回正文',
  table: '表格',
  archivedCopy: '存檔副本',
  about: '這是一份存檔副本：頁面、原始檔及其中繼資料，全部保存在一個資料夾中。',
  check: '要核實沒有任何一個位元組被更動，請重新計算該資料夾的 CID，並與其位址比較。',
  sourceFile: '原始檔',
  metadata: '中繼資料',
}

const de: Language = {
  language: 'de',
  months: 'Januar Februar März April Mai Juni Juli August September Oktober November Dezember'.split(' '),
  formatDay: (year, month, day) => `${day}. ${month} ${year}`,
  beforeTime: ', ',
  colon: ': ',
  comma: ', ',
  by: 'Von',
  published: 'Veröffentlicht',
  updated: 'Aktualisiert',
  correction: 'Berichtigung',
  corrections: 'Berichtigungen',
  version: 'Version',
  replaces: 'Diese Version ersetzt',
  reason: 'Grund',
  categories: 'Rubriken',
  tags: 'Schlagwörter',
  licence: 'Lizenz',
  photo: 'Foto',
  source: 'Quelle',
  footnotes: 'Fußnoten',
  backToReference: 'Zurück zur Textstelle',
  table: 'Tabelle',
  archivedCopy: 'Archivkopie',
  about: 'Dies ist eine Archivkopie: die Seite, die Quelldatei und ihre Metadaten, vollständig in einem Ordner.',
  check:
    'Um zu prüfen, dass kein Byte verändert wurde, die CID des Ordners neu berechnen und mit seiner Adresse vergleichen.',
  sourceFile: 'Quelldatei',
  metadata: 'Metadaten',
}

const fr: Language = {
  language: 'fr',
  months: 'janvier février mars avril mai juin juillet août septembre octobre novembre décembre'.split(' '),
  formatDay: (year, month, day) => `${day === 1 ? '1er' : day} ${month} ${year}`,
  beforeTime: ', ',
  colon: '\u00a0: ',
  comma: ', ',
  by: 'Par',
  published: 'Publié',
  updated: 'Mis à jour',
  correction: 'Rectificatif',
  corrections: 'Rectificatifs',
  version: 'Version',
  replaces: 'Cette version remplace',
  reason: 'Motif',
  categories: 'Rubriques',
  tags: 'Mots-clés',
  licence: 'Licence',
  photo: 'Photo',
  source: 'Source',
  footnotes: 'Notes',
  backToReference: 'Retour au texte',
  table: 'Tableau',
  archivedCopy: 'Copie archivée',
  about: 'Ceci est une copie archivée\u00a0: la page, le fichier source et ses métadonnées, complets dans un dossier.',
  check:
    'Pour vérifier que pas un octet n’a changé, recalculez le CID du dossier et comparez-le avec l’adresse de celui-ci.',
  sourceFile: 'Fichier source',
  metadata: 'Métadonnées',
}

const es: Language = {
  language: 'es',
  months: 'enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre'.split(' '),
  formatDay: dayDeMonthDeYear,
  beforeTime: ', ',
  colon: ': ',
  comma: ', ',
  by: 'Por',
  published: 'Publicado',
  updated: 'Actualizado',
  correction: 'Corrección',
  corrections: 'Correcciones',
  version: 'Versión',
  replaces: 'Esta versión sustituye a',
  reason: 'Motivo',
  categories: 'Secciones',
  tags: 'Etiquetas',
  licence: 'Licencia',
  photo: 'Foto',
  source: 'Fuente',
  footnotes: 'Notas',
  backToReference: 'Volver al texto',
  table: 'Tabla',
  archivedCopy: 'Copia archivada',
  about: 'Esta es una copia archivada: la página, el archivo de origen y sus metadatos, completos en una carpeta.',
  check:
    'Para comprobar que no ha cambiado ni un byte, calcule de nuevo el CID de la carpeta y compárelo con su dirección.',
  sourceFile: 'Archivo de origen',
  metadata: 'Metadatos',
}

const pt: Language = {
  language: 'pt',
  months: 'janeiro fevereiro março abril maio junho julho agosto setembro outubro novembro dezembro'.split(' '),
  formatDay: dayDeMonthDeYear,
  beforeTime: ', ',
  colon: ': ',
  comma: ', ',
  by: 'Por',
  published: 'Publicado',
  updated: 'Atualizado',
  correction: 'Correção',
  corrections: 'Correções',
  version: 'Versão',
  replaces: 'Esta versão substitui',
  reason: 'Motivo',
  categories: 'Seções',
  tags: 'Etiquetas',
  licence: 'Licença',
  photo: 'Foto',
  source: 'Fonte',
  footnotes: 'Notas',
  backToReference: 'Voltar ao texto',
  table: 'Tabela',
  archivedCopy: 'Cópia arquivada',
  about: 'Esta é uma cópia arquivada: a página, o texto original e os seus metadados, completos em uma pasta.',
  check: 'Para verificar que nem um byte mudou, calcule de novo o CID da pasta e compare-o com o endereço dela.',
  sourceFile: 'Texto original',
  metadata: 'Metadados',
}

const it: Language = {
  language: 'it',
  months: 'gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre'.split(' '),
  formatDay: (year, month, day) => `${day === 1 ? '1º' : day} ${month} ${year}`,
  beforeTime: ', ',
  colon: ': ',
  comma: ', ',
  by: 'Di',
  published: 'Pubblicato',
  updated: 'Aggiornato',
  correction: 'Rettifica',
  corrections: 'Rettifiche',
  version: 'Versione',
  replaces: 'Questa versione sostituisce',
  reason: 'Motivo',
  categories: 'Sezioni',
  tags: 'Etichette',
  licence: 'Licenza',
  photo: 'Foto',
  source: 'Fonte',
  footnotes: 'Note',
  backToReference: 'Torna al testo',
  table: 'Tabella',
  archivedCopy: 'Copia archiviata',
  about: 'Questa è una copia archiviata: la pagina, il file sorgente e i suoi metadati, completi in una cartella.',
  check:
    'Per verificare che nemmeno un byte è cambiato, calcolare di nuovo il CID della cartella e confrontarlo con il suo indirizzo.',
  sourceFile: 'File sorgente',
  metadata: 'Metadati',
}

const pl: Language = {
  language: 'pl',
  months: 'stycznia lutego marca kwietnia maja czerwca lipca sierpnia września października listopada grudnia'.split(
    ' ',
  ),
  formatDay: dayMonthYear,
  beforeTime: ', ',
  colon: ': ',
  comma: ', ',
  by: 'Tekst:',
  published: 'Opublikowano',
  updated: 'Zaktualizowano',
  correction: 'Sprostowanie',
  corrections: 'Sprostowania',
  version: 'Wersja',
  replaces: 'Ta wersja zastępuje',
  reason: 'Powód',
  categories: 'Działy',
  tags: 'Tagi',
  licence: 'Licencja',
  photo: 'Zdjęcie',
  source: 'Źródło',
  footnotes: 'Przypisy',
  backToReference: 'Wróć do tekstu',
  table: 'Tabela',
  archivedCopy: 'Kopia archiwalna',
  about: 'To jest kopia archiwalna: strona, plik źródłowy i jego metadane, w całości w jednym folderze.',
  check: 'Aby sprawdzić, że nie zmienił się ani jeden bajt, oblicz ponownie CID folderu i porównaj go z jego adresem.',
  sourceFile: 'Plik źródłowy',
  metadata: 'Metadane',
}

const tr: Language = {
  language: 'tr',
  months: 'Ocak Şubat Mart Nisan Mayıs Haziran Temmuz Ağustos Eylül Ekim Kasım Aralık'.split(' '),
  formatDay: dayMonthYear,
  beforeTime: ', ',
  colon: ': ',
  comma: ', ',
  by: 'Yazan:',
  published: 'Yayımlandı',
  updated: 'Güncellendi',
  correction: 'Düzeltme',
  corrections: 'Düzeltmeler',
  version: 'Sürüm',
  replaces: 'Bu sürümün yerini aldığı sürüm:',
  reason: 'Neden',
  categories: 'Kategoriler',
  tags: 'Etiketler',
  licence: 'Lisans',
  photo: 'Fotoğraf',
  source: 'Kaynak',
  footnotes: 'Dipnotlar',
  backToReference: 'Metne dön',
  table: 'Tablo',
  archivedCopy: 'Arşiv kopyası',
  about: 'Bu bir arşiv kopyasıdır: sayfa, kaynak dosya ve üst verileri tek bir klasörde eksiksiz durur.',
  check:
    'Tek bir baytın bile değişmediğini denetlemek için klasörün CID’sini yeniden hesaplayıp adresiyle karşılaştırın.',
  sourceFile: 'Kaynak dosya',
  metadata: 'Üst veri',
}

/** English as written where the day comes before the month. */
const enGB: Language = { ...en, language: 'en-GB', formatDay: dayMonthYear }

const languages = new Map<string, Language>([
  ['en', en],
  ...['en-gb', 'en-ie', 'en-au', 'en-nz', 'en-za', 'en-in'].map((tag): [string, Language] => [tag, enGB]),
  ['uk', uk],
  ['ru', ru],
  ['ar', ar],
  ['zh', zh],
  ...['zh-hant', 'zh-tw', 'zh-hk', 'zh-mo'].map((tag): [string, Language] => [tag, zhHant]),
  ['de', de],
  ['fr', fr],
  ['es', es],
  ['pt', pt],
  ['it', it],
  ['pl', pl],
  ['tr', tr],
])

/** Languages that are written from right to left where no script subtag says otherwise. */
const rightToLeft = new Set(
  'ar arc arz ary apc bal bgn bqi ckb dv fa glk he iw ji khw ks lrc luz mzn nqo pnb prs ps rhg sd sdh skr syr ug ur yi'.split(
    ' ',
  ),
)
const rightToLeftScripts = new Set('adlm arab aran hebr mand mend nkoo rohg samr syrc thaa'.split(' '))

function findLanguage(tag: string): Language | undefined {
  for (let key = tag.toLowerCase(); key !== ''; key = key.slice(0, Math.max(0, key.lastIndexOf('-')))) {
    const language = languages.get(key)
    if (language !== undefined) return language
  }
  return undefined
}

/** The words of a BCP 47 language tag; English where it is absent or has no entry. */
export function wordsFor(language?: string): Words {
  return (language === undefined ? undefined : findLanguage(language)) ?? en
}

/** Every entry once: the month names that {@link wordsFor} can give are those that a date may be written with. */
export function allWords(): readonly Words[] {
  return [...new Set(languages.values())]
}

/**
 * Writes an ISO 8601 date or date-time for readers: the date in the language's own order, the time as it was written,
 * to the minute, and its offset as `UTC` or `UTC+03:00`. Without an entry for the language the date stays ISO 8601.
 * Anything else than a date comes back unchanged.
 */
export function formatDate(iso: string, language?: string): string {
  const parts = /^(\d{4})-(\d{2})-(\d{2})(?:T(\d{2}:\d{2})(?::\d{2}(?:\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})?)?$/.exec(iso)
  if (parts === null) return iso
  const [, year = '', month = '', day = '', time, offset] = parts
  const entry = language === undefined ? en : findLanguage(language)
  const date =
    entry?.formatDay(year, entry.months[Number(month) - 1] ?? month, Number(day)) ?? `${year}-${month}-${day}`
  if (time === undefined) return date
  const zone = offset === undefined ? '' : /[1-9]/.test(offset) ? ` UTC${offset}` : ' UTC'
  return `${date}${entry?.beforeTime ?? ' '}${time}${zone}`
}

/** The direction in which a language is written, from its BCP 47 tag: its script subtag, else its language. */
export function textDirection(language?: string): 'ltr' | 'rtl' {
  const [primary = '', ...rest] = (language ?? '').toLowerCase().split('-')
  const script = rest.find((subtag) => /^[a-z]{4}$/.test(subtag))
  const isRightToLeft = script === undefined ? rightToLeft.has(primary) : rightToLeftScripts.has(script)
  return isRightToLeft ? 'rtl' : 'ltr'
}
