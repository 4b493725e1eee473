// What the check says. English is always there; every other language is a file of its own, loaded for a page that is in it. The words
// of the button are in `verify.ts`: a page that nobody checks loads no others.

/** Words that say what is wrong. Names in braces are filled in. */
const problems = {
  blockDamaged: 'A block of {file} is damaged: it should be {cid}, and its bytes are {found}.',
  blockInvalid: 'The block {cid} of {file} is not a valid part of a file or folder.',
  blockMissing: 'A block of {file} is missing: {cid}.',
  blockForeign: 'The archived file holds a block that is no part of this article, or stands in the wrong place: {cid}.',
  cutShort: 'The archived file is cut short: it ends at byte {at}, in the middle of a block.',
  notCar: 'What this site sent in place of the archived file cannot be read as a CAR, from byte {at} on.',
  tooLong: 'The archived file cannot be read from byte {at} on: a block would have {size}, more than any may have.',
  tooMany: 'The archived file was not read to its end: it has more than {count} faults or open links.',
  wrongRoot: 'The archived file is of another article: this page names {cid}, and the file is of {found}.',
  wrongAddress: 'This page names {cid}, and its own address names {found}.',
  textDiffers: 'On this page, this part is not the archived one: {part}.',
  linkDiffers: 'A link leads elsewhere: on this page to {here}, in the archive to {archived}.',
  pictureDiffers: 'A picture is not the archived one: {file}.',
  pictureUnchecked: 'A picture could not be compared: {file}.',
  picturesDiffer: 'This page shows another number of pictures than the archive: {here}, not {archived}.',
  noPage: 'The archived article has no page to compare with this one.',
  gone: 'The archived file is not where this page says: the site answered {status} for {address}.',
  refused: 'The archived file could not be downloaded: the site answered {status} for {address}.',
  network: 'The archived file could not be downloaded. Check the connection, and try again.',
  tooLarge: 'The archived file is larger than {limit}, which is too much to check in a browser.',
  pageTooLarge: 'The archived page is too large to compare in a browser.',
  noHash: 'This browser computes hashes on secure pages (https) alone, and this one is not.',
  badCid: 'This page names no CID that can be checked here: {cid}.',
  stopped: 'The check was stopped before its end.',
  failed: 'The check failed by a fault of its own: {reason}.',
}

export type ProblemWord = keyof typeof problems

const english = {
  ...problems,
  checking: 'Checking the archived file',
  intact: 'Intact',
  damaged: 'Damaged',
  missing: 'Missing',
  unchecked: 'Not checked',
  rehashed:
    'The archived file was downloaded from this site and every block re-hashed: {blocks} blocks, {size}. They are exactly those that {cid} names.',
  same: 'Compared with what this page shows, and the same: {parts}.',
  nothingShown: 'This page shows no article to compare.',
  trust: 'The check itself comes from this site too. The CID lets anyone check with tools of their own.',
  here: 'On this page:',
  archived: 'In the archive:',
  nothing: 'nothing',
  folder: 'the article’s folder',
  more: 'There are {count} more.',
  headline: 'headline',
  summary: 'summary',
  byline: 'byline',
  date: 'date',
  text: 'text',
  lead: 'picture above the text',
  links: 'links',
  pictures: 'pictures',
}

export type Words = Readonly<Record<keyof typeof english, string>>

const others: Readonly<Record<string, () => Promise<{ readonly words: Words }>>> = {
  ar: () => import('./words/ar.ts'),
  de: () => import('./words/de.ts'),
  es: () => import('./words/es.ts'),
  fr: () => import('./words/fr.ts'),
  it: () => import('./words/it.ts'),
  pl: () => import('./words/pl.ts'),
  pt: () => import('./words/pt.ts'),
  ru: () => import('./words/ru.ts'),
  tr: () => import('./words/tr.ts'),
  uk: () => import('./words/uk.ts'),
  zh: () => import('./words/zh.ts'),
  'zh-hant': () => import('./words/zh-hant.ts'),
}

/** The words of a language, by the name of its file; English for any other. */
export async function wordsIn(language: string): Promise<Words> {
  return (await others[language]?.())?.words ?? english
}
