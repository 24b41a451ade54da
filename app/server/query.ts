import type { z } from 'zod'
import { parseQuery, type QueryOf } from '../../lib/src/base/database/index.ts'
import { QiError, suggest } from '../../lib/src/base/types/index.ts'

/**
 * The query of a URL, validated.
 * @throws QiError BAD_REQUEST naming the parameter, its value and what to do
 */
export function readQuery<S extends z.ZodObject>(schema: S, url: string): QueryOf<S> {
  const start = url.indexOf('?')
  const given: Record<string, string | string[]> = {}
  if (start >= 0) collect(new URLSearchParams(url.slice(start + 1)), Object.keys(schema.shape), given)
  return parseQuery(schema, given)
}

/** Refuses the query of a route without parameters. @throws QiError BAD_REQUEST if there is one */
export function refuseQuery(url: string): void {
  const start = url.indexOf('?')
  if (start >= 0) collect(new URLSearchParams(url.slice(start + 1)), [], {})
}

function collect(parameters: URLSearchParams, known: readonly string[], given: Record<string, string | string[]>): void {
  for (const [name, value] of parameters) {
    if (name === '') throw refused('query', 'the query has a value without a name: write name=value, or leave it out')
    if (!known.includes(name))
      throw refused(
        name,
        known.length === 0
          ? `unknown parameter ${shown(name)}; this route takes none`
          : `unknown parameter ${shown(name)}${suggest(name, known)}`,
      )
    if (value.trim() === '') throw refused(name, `${name} is empty: give it a value or leave it out`)
    const before = given[name]
    // A repeated parameter is a list; the schema refuses it if one value is expected.
    given[name] = before === undefined ? value : [before, value].flat()
  }
}

const refused = (field: string, message: string): QiError => new QiError('BAD_REQUEST', message, { field: field.slice(0, 60) })

const shown = (name: string): string => JSON.stringify(name.slice(0, 60))
