// What the pages of a site say by themselves, beside the words that archived pages have: those decide CIDs, these do not.
// Labels carry no colon. Kept out of article/words.ts, which every `ovn publish` loads.

import { type Words, wordsFor } from '../article/words.ts'

/** The words of a site in one language. */
export interface SiteWords extends Words {
  /** Label of the panel. */
  readonly download: string
  /** Link to the CAR, which is named after it. */
  readonly downloadArticle: string
  readonly openWithIpfs: string
  readonly gateways: string
  /** Stands before the commands. */
  readonly checkIt: string
  readonly versions: string
  readonly newest: string
  /** Followed by a date. */
  readonly correctedOn: string
  readonly withdrawn: string
  /** A sentence. */
  readonly withdrawnArticle: string
  readonly withdrawnVersion: string
  readonly olderVersion: string
  /** Link to the newest version. */
  readonly readNewest: string
  /** A sentence, for what is no article of ours. */
  readonly notShown: string
  readonly archive: string
  readonly newer: string
  readonly older: string
  readonly page: string
  readonly noArticles: string
  readonly notFound: string
  readonly toFrontPage: string
}

type Own = Omit<SiteWords, keyof Words>

interface Entry extends Own {
  /** Names of the months without a day, where they differ from those in a date; January first. */
  readonly standingMonths?: string
  /** Between month and year, with its spaces. */
  readonly ofYear?: string
}

const en: Entry = {
  download: 'Download IPFS',
  downloadArticle: 'Download the article',
  openWithIpfs: 'Open with IPFS',
  gateways: 'Through a gateway',
  checkIt: 'Check it yourself, with any one of these',
  versions: 'Versions',
  newest: 'newest',
  correctedOn: 'Corrected on',
  withdrawn: 'Withdrawn',
  withdrawnArticle: 'This article was withdrawn.',
  withdrawnVersion: 'This version was withdrawn.',
  olderVersion: 'This is an earlier version of the article.',
  readNewest: 'Read the newest version',
  notShown: 'This is not a page that can be shown here. All of its files are in the download.',
  archive: 'Archive',
  newer: 'Newer articles',
  older: 'Older articles',
  page: 'Page',
  noArticles: 'There are no articles yet.',
  notFound: 'There is no such page',
  toFrontPage: 'To the front page',
}

const own: Readonly<Record<string, Entry>> = {
  en,
  'en-GB': en,
  uk: {
    download: 'Завантажити з IPFS',
    downloadArticle: 'Завантажити статтю',
    openWithIpfs: 'Відкрити через IPFS',
    gateways: 'Через шлюз',
    checkIt: 'Перевірте самі будь-якою з цих команд',
    versions: 'Версії',
    newest: 'найновіша',
    correctedOn: 'Виправлено',
    withdrawn: 'Відкликано',
    withdrawnArticle: 'Цю статтю відкликано.',
    withdrawnVersion: 'Цю версію відкликано.',
    olderVersion: 'Це попередня версія статті.',
    readNewest: 'Читати найновішу версію',
    notShown: 'Цю сторінку не можна показати тут. Усі її файли є в завантаженні.',
    archive: 'Архів',
    newer: 'Новіші статті',
    older: 'Старіші статті',
    page: 'Сторінка',
    noArticles: 'Статей ще немає.',
    notFound: 'Такої сторінки немає',
    toFrontPage: 'На головну сторінку',
    standingMonths: 'січень лютий березень квітень травень червень липень серпень вересень жовтень листопад грудень',
  },
  ru: {
    download: 'Скачать из IPFS',
    downloadArticle: 'Скачать статью',
    openWithIpfs: 'Открыть через IPFS',
    gateways: 'Через шлюз',
    checkIt: 'Проверьте сами любой из этих команд',
    versions: 'Версии',
    newest: 'новейшая',
    correctedOn: 'Исправлено',
    withdrawn: 'Отозвано',
    withdrawnArticle: 'Эта статья отозвана.',
    withdrawnVersion: 'Эта версия отозвана.',
    olderVersion: 'Это более ранняя версия статьи.',
    readNewest: 'Читать новейшую версию',
    notShown: 'Эту страницу нельзя показать здесь. Все её файлы есть в скачиваемом архиве.',
    archive: 'Архив',
    newer: 'Более новые статьи',
    older: 'Более старые статьи',
    page: 'Страница',
    noArticles: 'Статей пока нет.',
    notFound: 'Такой страницы нет',
    toFrontPage: 'На главную страницу',
    standingMonths: 'январь февраль март апрель май июнь июль август сентябрь октябрь ноябрь декабрь',
  },
  ar: {
    download: 'تنزيل عبر IPFS',
    downloadArticle: 'تنزيل المقال',
    openWithIpfs: 'الفتح عبر IPFS',
    gateways: 'عبر بوابة',
    checkIt: 'تحقق بنفسك بأي من هذه الأوامر',
    versions: 'النسخ',
    newest: 'الأحدث',
    correctedOn: 'صُحّح في',
    withdrawn: 'مسحوب',
    withdrawnArticle: 'سُحب هذا المقال.',
    withdrawnVersion: 'سُحبت هذه النسخة.',
    olderVersion: 'هذه نسخة أقدم من المقال.',
    readNewest: 'اقرأ أحدث نسخة',
    notShown: 'لا يمكن عرض هذه الصفحة هنا. جميع ملفاتها في التنزيل.',
    archive: 'الأرشيف',
    newer: 'مقالات أحدث',
    older: 'مقالات أقدم',
    page: 'الصفحة',
    noArticles: 'لا توجد مقالات بعد.',
    notFound: 'لا توجد صفحة كهذه',
    toFrontPage: 'إلى الصفحة الرئيسية',
  },
  zh: {
    download: '下载 IPFS',
    downloadArticle: '下载本文',
    openWithIpfs: '用 IPFS 打开',
    gateways: '通过网关',
    checkIt: '用以下任一命令自行核实',
    versions: '版本',
    newest: '最新',
    correctedOn: '更正于',
    withdrawn: '已撤回',
    withdrawnArticle: '本文已撤回。',
    withdrawnVersion: '此版本已撤回。',
    olderVersion: '这是本文的较早版本。',
    readNewest: '阅读最新版本',
    notShown: '此页面无法在这里显示。它的全部文件都在下载包中。',
    archive: '存档',
    newer: '较新的文章',
    older: '较早的文章',
    page: '页',
    noArticles: '还没有文章。',
    notFound: '没有这个页面',
    toFrontPage: '返回首页',
  },
  'zh-Hant': {
    download: '下載 IPFS',
    downloadArticle: '下載本文',
    openWithIpfs: '用 IPFS 開啟',
    gateways: '透過閘道',
    checkIt: '用以下任一指令自行核實',
    versions: '版本',
    newest: '最新',
    correctedOn: '更正於',
    withdrawn: '已撤回',
    withdrawnArticle: '本文已撤回。',
    withdrawnVersion: '此版本已撤回。',
    olderVersion: '這是本文的較早版本。',
    readNewest: '閱讀最新版本',
    notShown: '此頁面無法在這裡顯示。它的全部檔案都在下載檔中。',
    archive: '存檔',
    newer: '較新的文章',
    older: '較早的文章',
    page: '頁',
    noArticles: '還沒有文章。',
    notFound: '沒有這個頁面',
    toFrontPage: '返回首頁',
  },
  de: {
    download: 'Über IPFS laden',
    downloadArticle: 'Artikel herunterladen',
    openWithIpfs: 'Mit IPFS öffnen',
    gateways: 'Über ein Gateway',
    checkIt: 'Selbst prüfen, mit einem dieser Befehle',
    versions: 'Versionen',
    newest: 'neueste',
    correctedOn: 'Berichtigt am',
    withdrawn: 'Zurückgezogen',
    withdrawnArticle: 'Dieser Artikel wurde zurückgezogen.',
    withdrawnVersion: 'Diese Version wurde zurückgezogen.',
    olderVersion: 'Dies ist eine frühere Version des Artikels.',
    readNewest: 'Die neueste Version lesen',
    notShown: 'Diese Seite kann hier nicht gezeigt werden. Alle ihre Dateien sind im Download.',
    archive: 'Archiv',
    newer: 'Neuere Artikel',
    older: 'Ältere Artikel',
    page: 'Seite',
    noArticles: 'Noch gibt es keine Artikel.',
    notFound: 'Diese Seite gibt es nicht',
    toFrontPage: 'Zur Startseite',
  },
  fr: {
    download: 'Télécharger par IPFS',
    downloadArticle: 'Télécharger l’article',
    openWithIpfs: 'Ouvrir avec IPFS',
    gateways: 'Par une passerelle',
    checkIt: 'Vérifiez vous-même, avec l’une de ces commandes',
    versions: 'Versions',
    newest: 'la plus récente',
    correctedOn: 'Rectifié le',
    withdrawn: 'Retiré',
    withdrawnArticle: 'Cet article a été retiré.',
    withdrawnVersion: 'Cette version a été retirée.',
    olderVersion: 'Ceci est une version antérieure de l’article.',
    readNewest: 'Lire la version la plus récente',
    notShown: 'Cette page ne peut pas être affichée ici. Tous ses fichiers sont dans le téléchargement.',
    archive: 'Archives',
    newer: 'Articles plus récents',
    older: 'Articles plus anciens',
    page: 'Page',
    noArticles: 'Il n’y a pas encore d’articles.',
    notFound: 'Cette page n’existe pas',
    toFrontPage: 'Vers la page d’accueil',
  },
  es: {
    download: 'Descargar por IPFS',
    downloadArticle: 'Descargar el artículo',
    openWithIpfs: 'Abrir con IPFS',
    gateways: 'A través de una pasarela',
    checkIt: 'Compruébelo usted con una de estas órdenes',
    versions: 'Versiones',
    newest: 'la más reciente',
    correctedOn: 'Corregido el',
    withdrawn: 'Retirado',
    withdrawnArticle: 'Este artículo fue retirado.',
    withdrawnVersion: 'Esta versión fue retirada.',
    olderVersion: 'Esta es una versión anterior del artículo.',
    readNewest: 'Leer la versión más reciente',
    notShown: 'Esta página no se puede mostrar aquí. Todos sus archivos están en la descarga.',
    archive: 'Archivo',
    newer: 'Artículos más recientes',
    older: 'Artículos anteriores',
    page: 'Página',
    noArticles: 'Todavía no hay artículos.',
    notFound: 'Esta página no existe',
    toFrontPage: 'A la portada',
    ofYear: ' de ',
  },
  pt: {
    download: 'Descarregar por IPFS',
    downloadArticle: 'Descarregar o artigo',
    openWithIpfs: 'Abrir com IPFS',
    gateways: 'Através de um gateway',
    checkIt: 'Verifique com um destes comandos',
    versions: 'Versões',
    newest: 'a mais recente',
    correctedOn: 'Corrigido em',
    withdrawn: 'Retirado',
    withdrawnArticle: 'Este artigo foi retirado.',
    withdrawnVersion: 'Esta versão foi retirada.',
    olderVersion: 'Esta é uma versão anterior do artigo.',
    readNewest: 'Ler a versão mais recente',
    notShown: 'Esta página não pode ser mostrada aqui. Todos os seus ficheiros estão no download.',
    archive: 'Arquivo',
    newer: 'Artigos mais recentes',
    older: 'Artigos mais antigos',
    page: 'Página',
    noArticles: 'Ainda não há artigos.',
    notFound: 'Esta página não existe',
    toFrontPage: 'Para a página inicial',
    ofYear: ' de ',
  },
  it: {
    download: 'Scarica da IPFS',
    downloadArticle: 'Scarica l’articolo',
    openWithIpfs: 'Apri con IPFS',
    gateways: 'Tramite un gateway',
    checkIt: 'Da verificare con uno di questi comandi',
    versions: 'Versioni',
    newest: 'la più recente',
    correctedOn: 'Rettificato in data',
    withdrawn: 'Ritirato',
    withdrawnArticle: 'Questo articolo è stato ritirato.',
    withdrawnVersion: 'Questa versione è stata ritirata.',
    olderVersion: 'Questa è una versione precedente dell’articolo.',
    readNewest: 'Leggi la versione più recente',
    notShown: 'Questa pagina non può essere mostrata qui. Tutti i suoi file sono nel download.',
    archive: 'Archivio',
    newer: 'Articoli più recenti',
    older: 'Articoli meno recenti',
    page: 'Pagina',
    noArticles: 'Non ci sono ancora articoli.',
    notFound: 'Questa pagina non esiste',
    toFrontPage: 'Alla prima pagina',
  },
  pl: {
    download: 'Pobierz przez IPFS',
    downloadArticle: 'Pobierz artykuł',
    openWithIpfs: 'Otwórz przez IPFS',
    gateways: 'Przez bramę',
    checkIt: 'Sprawdź samodzielnie jednym z tych poleceń',
    versions: 'Wersje',
    newest: 'najnowsza',
    correctedOn: 'Sprostowano',
    withdrawn: 'Wycofano',
    withdrawnArticle: 'Ten artykuł wycofano.',
    withdrawnVersion: 'Tę wersję wycofano.',
    olderVersion: 'To jest wcześniejsza wersja artykułu.',
    readNewest: 'Czytaj najnowszą wersję',
    notShown: 'Tej strony nie można tu pokazać. Wszystkie jej pliki są w pobieranym archiwum.',
    archive: 'Archiwum',
    newer: 'Nowsze artykuły',
    older: 'Starsze artykuły',
    page: 'Strona',
    noArticles: 'Nie ma jeszcze artykułów.',
    notFound: 'Nie ma takiej strony',
    toFrontPage: 'Na stronę główną',
    standingMonths: 'styczeń luty marzec kwiecień maj czerwiec lipiec sierpień wrzesień październik listopad grudzień',
  },
  tr: {
    download: 'IPFS ile indir',
    downloadArticle: 'Makaleyi indir',
    openWithIpfs: 'IPFS ile aç',
    gateways: 'Bir ağ geçidi üzerinden',
    checkIt: 'Bu komutlardan biriyle kendiniz denetleyin',
    versions: 'Sürümler',
    newest: 'en yeni',
    correctedOn: 'Düzeltme tarihi:',
    withdrawn: 'Geri çekildi',
    withdrawnArticle: 'Bu makale geri çekildi.',
    withdrawnVersion: 'Bu sürüm geri çekildi.',
    olderVersion: 'Bu, makalenin daha eski bir sürümüdür.',
    readNewest: 'En yeni sürümü oku',
    notShown: 'Bu sayfa burada gösterilemez. Bütün dosyaları indirmededir.',
    archive: 'Arşiv',
    newer: 'Daha yeni makaleler',
    older: 'Daha eski makaleler',
    page: 'Sayfa',
    noArticles: 'Henüz makale yok.',
    notFound: 'Böyle bir sayfa yok',
    toFrontPage: 'Ana sayfaya',
  },
}

/** The words of a site in the language of a BCP 47 tag; English where it is absent or has no entry. */
export function siteWordsFor(language?: string): SiteWords {
  const words = wordsFor(language)
  const { standingMonths: _, ofYear: __, ...entry } = own[words.language] ?? en
  return { ...words, ...entry }
}

/** Writes a month and its year, given as `2025-08`; it comes back as it is where the language has no entry. */
export function formatMonth(month: string, language?: string): string {
  const [year = '', number = ''] = month.split('-')
  const words = wordsFor(language)
  const known = language === undefined || words.language.split('-', 1)[0] === language.split('-', 1)[0]?.toLowerCase()
  if (!known) return month
  const { standingMonths, ofYear = ' ' } = own[words.language] ?? en
  const name = (standingMonths?.split(' ') ?? words.months)[Number(number) - 1] ?? number
  return words.language.startsWith('zh') ? `${year}年${name}` : `${name}${ofYear}${year}`
}
