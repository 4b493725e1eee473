// Settings → config.json of an archive, which is created where there is none.

import { createArchive } from '../archive/archive.ts'
import { checkConfig, configKeys } from '../archive/config.ts'
import { layout } from '../archive/layout.ts'
import { replaceFile } from '../archive/replace-file.ts'
import { OvnError } from '../errors.ts'
import type { Initialised } from '../output/result.ts'
import { archiveFolder, type Context } from './context.ts'

export interface InitOptions {
  readonly name?: string
  readonly motto?: string
  readonly url?: string
  readonly language?: string
  readonly gateways?: readonly string[]
  readonly force?: boolean
}

/** Writes config.json. Throws an OvnError `usage` for a wrong value, and where another config would be lost. */
export function init({ force = false, ...settings }: InitOptions, context: Context): Initialised {
  const folder = archiveFolder(context)
  const values = new Map(Object.entries(settings))
  const config = Object.fromEntries(
    Object.keys(configKeys).flatMap((key) => (values.has(key) ? [[key, values.get(key)]] : [])),
  )
  const [fault] = checkConfig(config)
  if (fault !== undefined) throw new OvnError('usage', `--${fault.message.replaceAll('"', '')}`)
  createArchive(folder).close()
  const file = layout.config(folder)
  const created = replaceFile(file, `${JSON.stringify(config, null, 2)}\n`, { force })
  const described = Object.entries(configKeys).map(([key, { meaning }]) => ({
    key,
    meaning,
    ...(values.has(key) ? { value: values.get(key) } : {}),
  }))
  return { kind: 'initialised', archive: folder, config: file, created, settings: described }
}
