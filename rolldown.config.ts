import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { defineConfig, type Plugin } from 'rolldown'

// Start-up time is a budget: what stands here beyond the plain bundling is measured with `npm run bench`.
export default defineConfig([
  {
    input: { cli: 'src/cli.ts' },
    platform: 'node',
    plugins: [lightBuiltins(), thirdPartyLicences()],
    output: {
      dir: 'dist',
      format: 'esm',
      cleanDir: true,
      minify: true,
      chunkFileNames: '[name]-[hash].js',
      // A chunk costs half a millisecond to load: what nearly all commands load is one.
      codeSplitting: {
        groups: [
          {
            name: 'errors',
            test: /src\/(errors|output\/(errors|json|print-error|result|terminal)|archive\/storage-error|dag\/disk-error)|^(?!.*node_modules).*package\.json$/,
            priority: 4,
          },
          // All that a fetch needs before it asks a gateway; what it does with the answer is loaded meanwhile.
          {
            name: 'refs',
            test: /src\/(links\/parse-ref|archive\/layout)|multiformats\/dist\/src\/(cid|bases|hashes\/digest)/,
            priority: 3,
          },
          { name: 'fetch', test: /src\/(network\/(http|source|source-error)|commands\/fetch)\.ts/, priority: 2 },
          {
            name: 'core',
            test: /src\/(output\/print|manifest|commands\/(context|torn-notice)|links\/links-to|archive\/(archive|config)|article\/slug|dag\/(cid-key|make-folder|sync-folder))|murmur3/,
            priority: 1,
          },
          {
            name: 'bundle',
            test: /src\/(bundle\/(paths|style)|article\/media-type)|taggedTemplateLiteral/,
            priority: 1,
          },
        ],
      },
    },
  },
  // What runs in readers' browsers: the button, the check that it loads, and its words in the language of the page.
  {
    input: { verify: 'src/site/browser/verify.ts' },
    platform: 'browser',
    transform: { target: 'es2022' },
    output: {
      dir: 'dist/site',
      format: 'esm',
      minify: true,
      chunkFileNames: ({ name }) => (name === 'check' ? 'check.js' : `words-${name}.js`),
    },
  },
])

/** What dependencies load when they start, and never use here. */
const unused = new Map([
  // Commander runs commands that are programs of their own with it; there are none.
  ['child_process', 'export default {}'],
  // Helia's lock listens to the other threads, and to the processes of a cluster; there are none.
  ['mortice/dist/src/node.js', 'export default () => new EventTarget()'],
  // Helia can resolve names; nothing here asks it to.
  ['dns/promises', 'export class Resolver {}'],
  // Helia's debug log has colours.
  ['tty', 'export default { isatty: () => false }'],
  ['supports-color', 'export default { stdout: false, stderr: false }'],
])

/**
 * Takes Node's own modules from `process.getBuiltinModule`. An `import` of one builds a facade of all its exports and runs
 * every getter among them, which for `node:crypto` alone costs several milliseconds.
 */
function lightBuiltins(): Plugin {
  const builtin = (name: string) => `process.getBuiltinModule('node:${name.replace(/^node:/, '')}')`
  return {
    name: 'light-builtins',
    resolveId(id, importer) {
      if (!importer?.includes('node_modules')) return null
      const name = /mortice.*mortice\.js$/.test(importer)
        ? id.replace(/^\./, 'mortice/dist/src')
        : id.replace(/^node:/, '')
      return unused.has(name) ? `\0unused:${name}` : null
    },
    load(id) {
      return id.startsWith('\0unused:') ? (unused.get(id.slice('\0unused:'.length)) ?? null) : null
    },
    renderChunk(code) {
      return code.replace(
        /^import\s+(?:([\w$]+|\* as [\w$]+)\s*,?\s*)?(?:\{([^}]*)\}\s*)?from\s*["']([\w:/]+)["'];?$/gm,
        (_, whole: string | undefined, named: string | undefined, name: string) =>
          [
            whole === undefined ? '' : `const ${whole.replace('* as ', '')} = ${builtin(name)};`,
            named === undefined ? '' : `const {${named.replaceAll(' as ', ': ')}} = ${builtin(name)};`,
          ].join(' '),
      )
    },
  }
}

/** Writes the licences of all packages whose code is in the bundle beside it, as they ask for. */
function thirdPartyLicences(): Plugin {
  return {
    name: 'third-party-licences',
    generateBundle(_, bundle) {
      const modules = Object.values(bundle).flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []))
      const folders = new Set(modules.filter((id) => id.includes('node_modules')).map(packageFolder))
      const source = [...folders]
        .map(licenceOf)
        .sort()
        .join(`\n${'-'.repeat(80)}\n\n`)
      this.emitFile({ type: 'asset', fileName: 'THIRD-PARTY-LICENCES.txt', source })
    },
  }
}

function packageFolder(module: string): string {
  for (let folder = dirname(module); ; folder = dirname(folder)) {
    const file = join(folder, 'package.json')
    if (existsSync(file) && JSON.parse(readFileSync(file, 'utf8')).name !== undefined) return folder
  }
}

function licenceOf(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'))
  const texts = readdirSync(folder)
    .filter((file) => /^licen[cs]e/i.test(file))
    .map((file) => readFileSync(join(folder, file), 'utf8').trim())
  return [`${name} ${version}, ${license}`, ...texts, ''].join('\n\n')
}
