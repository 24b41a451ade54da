// Writes every generated file, or with --check says which of them are not what they should be (and exits with 1).
// Each file of scripts/generate is a step and exports:
//   outputs(): { [path]: text }, may be a promise
//   folder?: a folder of which nothing but the outputs may be there
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const { values: options } = parseArgs({ options: { check: { type: 'boolean', default: false }, root: { type: 'string' } } })
const root = resolve(options.root ?? join(import.meta.dirname, '..'))
const steps = join(import.meta.dirname, 'generate')

// The registry comes first: the other steps import what it writes.
const names = readdirSync(steps).filter((name) => name.endsWith('.mjs'))
names.sort((a, b) => Number(b === 'registry.mjs') - Number(a === 'registry.mjs') || a.localeCompare(b))
// With --root only the registry is made: the other steps are about this checkout.
if (options.root) names.length = 1

const differing = []
for (const name of names) {
  const step = await import(join(steps, name))
  const outputs = await step.outputs(root)
  for (const [path, text] of Object.entries(outputs)) if (contents(path) !== text) differ(path, () => write(path, text))
  for (const path of strays(step.folder, outputs)) differ(path, () => rmSync(join(root, path)))
}

if (options.check && differing.length > 0) {
  for (const path of differing) console.error(`${path} is not up to date: run npm run generate and commit it`)
  process.exitCode = 1
} else console.log(differing.length > 0 ? `written: ${differing.join(', ')}` : 'generated files are up to date')

function differ(path, mend) {
  differing.push(path)
  if (!options.check) mend()
}

function contents(path) {
  try {
    return readFileSync(join(root, path), 'utf8')
  } catch (error) {
    if (error.code === 'ENOENT') return undefined
    throw error
  }
}

function write(path, text) {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text)
}

function strays(folder, outputs) {
  if (!folder) return []
  try {
    const found = readdirSync(join(root, folder)).map((name) => `${folder}/${name}`)
    return found.filter((path) => !(path in outputs))
  } catch (error) {
    if (error.code === 'ENOENT') return []
    throw error
  }
}
