// The drawings in docs/architecture.md of which folder imports which, counted in the sources.
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'

const PAGE = 'docs/architecture.md'

/** Folders of a drawing, the more special before the more general: name, and the start of the paths in it. */
const HOUSE = [
  ['app', /^app\//],
  ['examples, bench', /^(examples|bench)\//],
  ['platform', /^lib\/src\/streaming\/platform\//],
  ['agents', /^lib\/src\/(publishers|consumers)\/agents\//],
  ['publishers', /^lib\/src\/publishers\//],
  ['consumers', /^lib\/src\/consumers\//],
  ['mcp-tools', /^lib\/src\/mcp-tools\//],
  ['mcp-launchers', /^lib\/src\/mcp-launchers\//],
  ['pipelines', /^lib\/src\/streaming\/pipelines\//],
  ['redpanda, embedded', /^lib\/src\/streaming\/(redpanda|embedded)\//],
  ['base', /^lib\/src\/base\//],
]
const BASE = ['agent', 'alerts', 'segments', 'database', 'networking', 'types'].map((name) => [
  name,
  new RegExp(`^lib/src/base/${name}/`),
])

export function outputs(root) {
  const imports = readImports(root)
  const page = readFileSync(join(root, PAGE), 'utf8')
  return { [PAGE]: put(put(page, 'imports', drawing(imports, HOUSE)), 'imports of base', drawing(imports, BASE)) }
}

/** Every import of a file of ours: from, to. Types count too. */
function readImports(root) {
  const files = ['lib', 'app', 'examples', 'bench'].flatMap((folder) => globSync(`${folder}/**/*.ts`, { cwd: root }))
  return files.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8')
    return [...text.matchAll(/(?:from|import\() ?'(\.[^']+)'/g)].map(([, to]) => [file, normalize(join(dirname(file), to))])
  })
}

function drawing(imports, folders) {
  const folderOf = (path) => folders.findIndex(([, start]) => start.test(path))
  const counts = new Map()
  for (const [from, to] of imports) {
    const [a, b] = [folderOf(from), folderOf(to)]
    if (a >= 0 && b >= 0 && a !== b) counts.set(`${a} ${b}`, (counts.get(`${a} ${b}`) ?? 0) + 1)
  }
  const arrows = [...counts].sort(([a], [b]) => a.localeCompare(b, 'en', { numeric: true }))
  return [
    '```mermaid',
    'flowchart TD',
    ...arrows.map(([ends, count]) => {
      const [from, to] = ends.split(' ').map((index) => folders[index][0])
      return `  ${node(from)} -->|${rounded(count)}| ${node(to)}`
    }),
    '```',
  ].join('\n')
}

const node = (name) => `${name.replaceAll(/\W+/g, '_')}[${name}]`

/** To one digit, so that the page does not change with every import. */
function rounded(count) {
  const unit = 10 ** (String(count).length - 1)
  return Math.round(count / unit) * unit
}

/** The text between two marks of the page. */
function put(page, mark, text) {
  const [begin, end] = [`<!-- ${mark}: \`npm run generate\` writes this -->`, `<!-- end of ${mark} -->`]
  const [from, to] = [page.indexOf(begin), page.indexOf(end)]
  if (from < 0 || to < 0) throw new Error(`${PAGE} lacks the marks "${begin}" and "${end}"; put them where the drawing belongs`)
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`
}
