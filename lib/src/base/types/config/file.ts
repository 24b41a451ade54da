import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { type Document, isPair, isScalar, LineCounter, parseDocument, visit } from 'yaml'
import { QiError } from '../errors.ts'

export const CONFIG_FILE = 'qicore.yaml'
export const HOME_FOLDER = '.qicore'

/** The project: the nearest folder upwards that holds `qicore.yaml` or `.qicore`, else the given one. */
export function findProject(from: string): string {
  for (let folder = resolve(from); ; folder = dirname(folder)) {
    if (existsSync(join(folder, CONFIG_FILE)) || existsSync(join(folder, HOME_FOLDER))) return folder
    if (dirname(folder) === folder) return resolve(from)
  }
}

/**
 * The project's configuration file, or nothing where there is none.
 * @throws QiError CONFIG_INVALID with line and column where it is no YAML, and with both places where a name is given twice
 */
export function readConfigFile(path: string): { name: string; values: unknown } | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new QiError('CONFIG_INVALID', `${path} cannot be read: ${(error as Error).message}`, { cause: error })
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: false })
  const problem = document.errors[0]
  if (problem) throw new QiError('CONFIG_INVALID', `${CONFIG_FILE}: ${problem.message.trim()}`, { cause: problem })
  const twice = namesGivenTwice(document, lines)
  if (twice.length > 0) throw new QiError('CONFIG_INVALID', twice.map((each) => `${CONFIG_FILE}: ${each}`).join('\n'))
  return { name: CONFIG_FILE, values: document.toJS() as unknown }
}

/** The second would hide the first. */
function namesGivenTwice(document: Document, lines: LineCounter): string[] {
  const found: string[] = []
  const place = (key: unknown): string => {
    const { line, col } = lines.linePos(isScalar(key) ? (key.range?.[0] ?? 0) : 0)
    return `line ${line}, column ${col}`
  }
  visit(document, {
    Map(_, map, path) {
      const above = path.flatMap((node) => (isPair(node) && isScalar(node.key) ? [String(node.key.value)] : []))
      const first = new Map<unknown, unknown>()
      for (const { key } of map.items) {
        const name = isScalar(key) ? key.value : key
        const other = first.get(name)
        if (other === undefined) first.set(name, key)
        else
          found.push(
            `${[...above, String(name)].join('.')} is given twice, at ${place(other)} and at ${place(key)}; rename or remove one of the two`,
          )
      }
    },
  })
  return found
}
