import { element } from './page.js'

/** Types of the document, as text and nodes. */

export const code = (text) => element('code', {}, text)
export const nameOf = (ref) => ref.split('/').at(-1)
export const plain = (text) => text.replaceAll('`', '')

/** `array of Price`, `string (date-time)`, `one of usd, eur`. */
export function typeOf(schema = {}) {
  if (schema.$ref) return nameOf(schema.$ref)
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return `one of ${schema.enum.join(', ')}`
  const choices = schema.oneOf ?? schema.anyOf
  if (choices) return [...new Set(choices.map((choice) => typeOf({ type: schema.type, ...choice })))].join(' or ')
  if (schema.type === 'array') return `array of ${typeOf(schema.items)}`
  const type = schema.type ?? (schema.format || schema.pattern ? 'string' : 'anything')
  return schema.format ? `${type} (${schema.format})` : type
}

export function typeNode(schema) {
  const inner = schema?.type === 'array' ? schema.items : schema
  if (!inner?.$ref) return element('span', { className: 'soft' }, typeOf(schema))
  const link = element('a', { href: `#${nameOf(inner.$ref)}` }, nameOf(inner.$ref))
  return element('span', { className: 'soft' }, schema.type === 'array' ? 'array of ' : '', link)
}

/** The properties of an object. */
function properties(schema) {
  const list = element('dl')
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const optional = schema.required?.includes(name) ? '' : '?'
    const said = element('dd', {}, typeNode(field), field.description ? ` · ${plain(field.description)}` : '')
    list.append(element('dt', {}, code(`${name}${optional}`)), said)
  }
  return list
}

/** A named schema, collapsed. */
export function schemaNode(name, schema) {
  const choices = schema.oneOf?.map((choice) => element('p', {}, typeNode(choice)))
  const inner = schema.properties ? [properties(schema)] : (choices ?? [element('p', {}, typeNode(schema))])
  return element(
    'details',
    { id: name },
    element('summary', {}, code(name), plain(schema.description ?? '')),
    element('div', {}, ...inner),
  )
}
