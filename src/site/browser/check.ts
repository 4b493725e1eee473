// The check of one page, as a reader asked for it: everything that is said at the end is decided here. Loaded when the button is
// pressed, and never before.

import { type CheckedDag, checkDag } from './check-dag.ts'
import { type Cid, parseCid } from './cid.ts'
import { type Comparison, comparePage } from './compare-page.ts'
import { Malformed } from './cursor.ts'
import { download } from './download.ts'
import { namedCid } from './named-cid.ts'
import { type Problem, Stop } from './problem.ts'
import { showProgress, showVerdict } from './show.ts'
import { type ProblemWord, wordsIn } from './words.ts'

/** Bytes of a CAR that are taken at most. Few of them are in memory at a time. */
const maxCar = 512 * 1_048_576

export interface Verdict {
  readonly state: 'intact' | 'damaged' | 'missing' | 'unchecked'
  readonly problems: readonly Problem[]
  /** What was read of the archived file, where all of it was. */
  readonly dag?: CheckedDag
  readonly comparison?: Comparison
}

/**
 * Checks the page around a slot, and shows in `box` what was found, in a language of {@link wordsIn} or with words of the page's
 * own. Ends early, and says so, when `signal` is aborted. Rejects where the words cannot be loaded.
 */
export async function check(
  slot: HTMLElement,
  box: HTMLElement,
  language: string,
  words: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<void> {
  const allWords = { ...(await wordsIn(language)), ...words }
  const onBytes = showProgress(box, allWords)
  const verdict = await checkPage(slot, signal, onBytes).catch((error: unknown): Verdict => {
    const problem =
      error instanceof Stop ? error.problem : ({ word: 'failed', values: { reason: String(error) } } as const)
    return { state: stateOf([problem]), problems: [problem] }
  })
  showVerdict(box, verdict, allWords)
}

async function checkPage(
  slot: HTMLElement,
  signal: AbortSignal,
  onBytes: (done: number, total: number | undefined) => void,
): Promise<Verdict> {
  const { cid = '', car = '', limit } = slot.dataset
  if (globalThis.crypto?.subtle === undefined) throw new Stop('noHash')
  const root = readRoot(cid)
  const problems = wrongAddresses(root)
  const options = { limit: Math.min(maxCar, Number(limit ?? maxCar)), signal, onBytes }
  const dag = await checkDag(download(new URL(car, document.baseURI).href, options), root)
  problems.push(...dag.problems)
  // What of the archive is right can be compared, whatever else is wrong with it; of what is not, enough was said.
  const comparison = await comparePage(dag, signal)
  const isWhole = dag.problems.length === 0
  problems.push(...comparison.problems.filter(({ word }) => isWhole || (word !== 'noPage' && word !== 'pageTooLarge')))
  return { state: stateOf(problems), problems, comparison, ...(isWhole && { dag }) }
}

function readRoot(text: string): Cid {
  try {
    return parseCid(text)
  } catch (error) {
    if (error instanceof Malformed) throw new Stop('badCid', { cid: text })
    throw error
  }
}

/** Where an address of the page names another article than its slot does. */
function wrongAddresses({ text }: Cid): Problem[] {
  const links = document.querySelectorAll<HTMLLinkElement>(
    'link[rel~="canonical"], link[rel~="alternate"]:is([href^="ipfs:"], [href$=".car"])',
  )
  const named = [location.href, ...[...links].map(({ href }) => href)].flatMap((address) => namedCid(address) ?? [])
  return [...new Set(named)]
    .filter((found) => found !== text)
    .map((found) => ({ word: 'wrongAddress', values: { cid: text, found } }))
}

const missing: ReadonlySet<ProblemWord> = new Set(['gone'])
const unchecked: ReadonlySet<ProblemWord> = new Set([
  'refused',
  'network',
  'tooLarge',
  'pageTooLarge',
  'pictureUnchecked',
  'noHash',
  'badCid',
  'stopped',
  'failed',
])

/** The worst of what was found. */
function stateOf(problems: readonly Problem[]): Verdict['state'] {
  if (problems.some(({ word }) => !missing.has(word) && !unchecked.has(word))) return 'damaged'
  if (problems.some(({ word }) => missing.has(word))) return 'missing'
  return problems.length > 0 ? 'unchecked' : 'intact'
}
