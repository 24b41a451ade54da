import { z } from 'zod'

/** Settings as the lines of a Markdown table: what each may be, its default, its environment variable. */
export const settingsTable = (settings) => ['| setting | value | default | |', '|---|---|---|---|', ...settings.map(row)]

function row({ path, description, env, secret, schema }) {
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  const notes = [description, env && `environment \`${env}\``, secret && 'never printed'].filter(Boolean).join('; ')
  return `| \`${path}\` | ${escaped(typeText(json))} | ${escaped(defaultText(schema))} | ${escaped(notes)} |`
}

function typeText(json) {
  if (json.enum) return json.enum.map((value) => `\`${value}\``).join(', ')
  if (json.anyOf) return json.anyOf.map(typeText).join(' or ')
  if (json.type === 'array') return `list of ${typeText(json.items)}`
  if (json.type === 'integer' || json.type === 'number') return [json.type, ...bounds(json)].join(' ')
  if (json.type === 'string') return json.format === 'uri' ? 'URL' : 'text'
  if (json.type === 'boolean') return '`true`, `false`'
  if (json.type === 'object') return 'names and values'
  return json.type ?? 'any'
}

function bounds({ minimum, exclusiveMinimum, maximum }) {
  const most = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER ? [`up to ${maximum}`] : []
  if (exclusiveMinimum !== undefined) return [`above ${exclusiveMinimum}`, ...most]
  return minimum !== undefined && minimum > Number.MIN_SAFE_INTEGER ? [`from ${minimum}`, ...most] : most
}

function defaultText(schema) {
  const { success, data } = schema.safeParse(undefined)
  if (!success) return 'required'
  if (data === undefined) return ''
  return Array.isArray(data)
    ? data.map((each) => `\`${each}\``).join(', ')
    : `\`${typeof data === 'string' ? data : JSON.stringify(data)}\``
}

const escaped = (text) => text.replaceAll('|', '\\|')
