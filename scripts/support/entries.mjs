// Writes dist/entry/, the entry points of the package. An old Node cannot parse today's syntax, and all modules are parsed before the first one
// runs; so an entry point checks the version, and only then loads its module. `require` works on it as `import` does.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { root } from '../../bin/node24.js'

const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
for (const { types, default: entry } of Object.values(exports).filter((target) => typeof target === 'object')) {
  const module = join(root, types.replace(/\.d\.ts$/, '.js'))
  const file = join(root, entry)
  const names = Object.keys(await import(pathToFileURL(module).href))
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(
    file,
    `import { createRequire } from 'node:module'
import { refuseOldNode } from '../../bin/node24.js'

refuseOldNode()
export const { ${names.join(', ')} } = createRequire(import.meta.url)('${relative(dirname(file), module)}')
`,
  )
}
