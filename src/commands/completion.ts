// Completion for shells: a script each, which asks `ovn __complete` for the words that may follow. Where it has none to
// offer, the shell completes file names.

import type { Command, Option } from 'commander'
import { openArchive } from '../archive/archive.ts'
import { checkSlug } from '../article/slug.ts'
import { OvnError } from '../errors.ts'
import type { Printed } from '../output/result.ts'
import { archiveFolder, type Context } from './context.ts'

const scripts = {
  bash: `_ovn() {
  local IFS=$'\\n'
  COMPREPLY=($(ovn __complete -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
}
complete -o bashdefault -o default -F _ovn ovn
`,
  zsh: `#compdef ovn
_ovn() {
  local -a answers
  answers=("\${(@f)$(ovn __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${answers[1]}" ]]; then compadd -Q -- "\${answers[@]}"; else _files; fi
}
if [[ "$funcstack[1]" = _ovn ]]; then _ovn "$@"; else compdef _ovn ovn; fi
`,
  fish: `function __ovn_complete
  set -l words (commandline --tokenize --cut-at-cursor --current-process)[2..-1]
  set -l answers (ovn __complete -- $words (commandline --current-token --cut-at-cursor) 2>/dev/null)
  if test (count $answers) -gt 0
    printf '%s\\n' $answers
  else
    __fish_complete_path (commandline --current-token)
  end
end
complete --command ovn --no-files --arguments '(__ovn_complete)'
`,
}

export const shells: readonly string[] = Object.keys(scripts)

/** The completion script of a shell. Throws an OvnError `usage` for a shell that is not known. */
export function completionScript(shell: string): Printed {
  const script = Object.entries(scripts).find(([name]) => name === shell)?.[1]
  if (script === undefined) {
    throw new OvnError('usage', `no completion for "${shell}"`, { hint: `the shells are ${shells.join(', ')}` })
  }
  return { kind: 'printed', text: script.trimEnd() }
}

/** The words that may stand in the place of the last one, a line each; none where a file name is wanted. */
export function complete(program: Command, words: readonly string[], context: Context): Printed {
  const current = words.at(-1) ?? ''
  const { command, options, previous, archive } = readWords(program, words.slice(0, -1))
  const answers = previous === undefined ? wordsFor(program, command, options, current, { ...context, archive }) : []
  return { kind: 'printed', text: answers.filter((answer) => answer.startsWith(current)).join('\n') }
}

interface Understood {
  readonly command: Command | undefined
  readonly options: readonly Option[]
  /** The option whose value comes next. */
  readonly previous: Option | undefined
  /** The folder that `--archive` names. */
  readonly archive: string | undefined
}

function readWords(program: Command, words: readonly string[]): Understood {
  let command: Command | undefined
  let previous: Option | undefined
  let archive: string | undefined
  for (const word of words) {
    if (previous !== undefined) {
      if (previous.long === '--archive') archive = word
      previous = undefined
    } else if (word.startsWith('-')) {
      const option = [...program.options, ...(command?.options ?? [])].find(
        ({ short, long }) => word === short || word === long,
      )
      previous = option?.required ? option : undefined
    } else {
      command ??= program.commands.find((each) => each.name() === word)
    }
  }
  return { command, previous, archive, options: [...(command?.options ?? []), ...program.options] }
}

function wordsFor(
  program: Command,
  command: Command | undefined,
  options: readonly Option[],
  current: string,
  context: Context,
): readonly string[] {
  if (current.startsWith('-')) return [...options.flatMap(({ long }) => long ?? []), '--help']
  if (command === undefined) return visibleCommands(program)
  switch (command.name()) {
    case 'show':
    case 'log':
    case 'links':
    case 'unpublish':
      return slugs(current, context)
    case 'completion':
      return shells
    case 'help':
      return visibleCommands(program)
    default:
      return []
  }
}

function visibleCommands(program: Command): string[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .map((each) => each.name())
}

/** Slugs of the archive that is near; none where it cannot be read, since nobody looks at a completer's errors. */
function slugs(prefix: string, context: Context): string[] {
  try {
    const archive = openArchive(archiveFolder(context), { readOnly: true })
    try {
      archive.editions.refresh()
      // A manifest that a stranger edited may name anything; a shell is handed slugs alone.
      return archive.editions.slugs(prefix, 1000).filter((slug) => !('problem' in checkSlug(slug)))
    } finally {
      archive.close()
    }
  } catch {
    return []
  }
}
