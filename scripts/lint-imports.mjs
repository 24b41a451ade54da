// Checks who imports whom.
import { join } from 'node:path'
import { checkImports } from './support/imports.mjs'

const { modules, imports, refused } = await checkImports(join(import.meta.dirname, '..'))
for (const line of refused) console.error(line)

// A parser that understands nothing finds nothing wrong.
const blind = modules < 20 || imports === 0
if (blind) console.error(`imports: only ${modules} modules and ${imports} imports were seen; the check is broken`)
if (refused.length === 0 && !blind) console.log(`imports: ${modules} modules, ${imports} imports, all allowed`)
process.exitCode = refused.length > 0 || blind ? 1 : 0
