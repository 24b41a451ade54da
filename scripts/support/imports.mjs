import { existsSync } from 'node:fs'
import { Visitor } from '@swc/core/Visitor.js'
import { cruise } from 'dependency-cruiser'
import rules from '../../.dependency-cruiser.mjs'

// swc reads `using` declarations, and its visitor of 1.16 stops at them.
const visitStatement = Visitor.prototype.visitStatement
Visitor.prototype.visitStatement = function (statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement)
  this.visitVariableDeclarators(statement.decls)
  return statement
}

/** The names of the rules, each once. */
export const RULES = [...new Set(rules.forbidden.map(({ name }) => name))]

const folders = ['lib', 'app', 'examples', 'bench']

export async function checkImports(folder) {
  process.chdir(folder)
  const { forbidden, options } = rules
  const there = folders.filter((name) => existsSync(name))
  const { output } = await cruise(there, { ...options, baseDir: folder, validate: true, ruleSet: { forbidden } })
  const { violations, totalCruised, totalDependenciesCruised } = output.summary
  const refused = violations.map(({ rule, from, to, cycle }) => {
    const target = cycle?.length ? cycle.map(({ name }) => name).join(' → ') : to
    const why = forbidden.find(({ name }) => name === rule.name)?.comment
    return `${from}: ${rule.name}: may not import ${target} (${why})`
  })
  return { modules: totalCruised, imports: totalDependenciesCruised, refused }
}
