// Checks who imports whom, in the folder given (for the test of this check) or in the checkout.
import { existsSync } from 'node:fs'
import { isAbsolute, join, relative } from 'node:path'
import { Visitor } from '@swc/core/Visitor.js'
import { cruise } from 'dependency-cruiser'
import rules from '../.dependency-cruiser.mjs'

const folder = process.argv[2] ?? join(import.meta.dirname, '..')
const least = Number(process.argv[3] ?? 20)

// swc reads `using` declarations, and its visitor of 1.16 stops at them.
const visitStatement = Visitor.prototype.visitStatement
Visitor.prototype.visitStatement = function (statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement)
  this.visitVariableDeclarators(statement.decls)
  return statement
}

process.chdir(folder)
const { forbidden, options } = rules
const folders = ['lib', 'app', 'examples', 'bench'].filter((name) => existsSync(name))
const { output } = await cruise(folders, { ...options, baseDir: folder, validate: true, ruleSet: { forbidden } })
const { violations, totalCruised, totalDependenciesCruised } = output.summary

for (const { rule, from, to, cycle } of violations) {
  const path = cycle?.length ? cycle.map(({ name }) => name).join(' → ') : to
  const why = forbidden.find(({ name }) => name === rule.name)?.comment
  console.error(`${shown(from)}: ${rule.name}: may not import ${path} (${why})`)
}

// A parser that understands nothing finds nothing wrong.
const blind = totalCruised < least || totalDependenciesCruised === 0
if (blind) console.error(`imports: only ${totalCruised} modules and ${totalDependenciesCruised} imports were seen; the check is broken`)
if (violations.length === 0 && !blind) console.log(`imports: ${totalCruised} modules, ${totalDependenciesCruised} imports, all allowed`)
process.exitCode = violations.length > 0 || blind ? 1 : 0

function shown(path) {
  return isAbsolute(path) ? relative(folder, path) : path
}
