// docs/reference/records.md and the JSON Schema of each record type, from the record types.
import { z } from 'zod'
import { ORIGINS, recordTypes } from '../../lib/src/base/types/index.ts'

export const folder = 'docs/reference/schemas'

export const outputs = () => ({
  'docs/reference/records.md': reference(),
  ...Object.fromEntries(Object.values(recordTypes).map((type) => [`${folder}/${type.name}.json`, schemaText(type)])),
})

const jsonSchema = (type) => z.toJSONSchema(type.schema, { io: 'input' })

const schemaText = (type) => `${JSON.stringify({ title: type.name, ...jsonSchema(type) }, null, 2)}\n`

function reference() {
  return `${[
    '# Records',
    '',
    '<!-- Generated from lib/src/base/types/records by `npm run generate`. -->',
    '',
    'On the wire (topics, HTTP, WebSocket, files) a record is a JSON object with these names. A decimal is a string, exact, of at most',
    '40 digits on either side of the point; a time is ISO 8601 in UTC with up to six decimals. The key of a message is',
    '`source:coin_id`, or `source` where a record has no `coin_id`.',
    `\`origin\` is one of ${ORIGINS.map((origin) => `\`${origin}\``).join(', ')}.`,
    '',
    'On one primary key the record with the greater (`is_final`, `received_at`) wins, whatever the order of arrival.',
    '',
    'A record may have further fields, of a later version: [no reader refuses it](../architecture.md#fields-of-a-later-version).',
    '',
    ...Object.values(recordTypes).flatMap(section),
  ]
    .join('\n')
    .trimEnd()}\n`
}

function section(type) {
  const { properties } = jsonSchema(type)
  return [
    `## ${type.name}`,
    '',
    `${type.summary}.`,
    '',
    `Topic \`${type.topic}\`${type.table ? `, table \`${type.table}\`` : ''}, primary key (${type.key.map((name) => `\`${name}\``).join(', ')}); [JSON Schema](schemas/${type.name}.json).`,
    '',
    '| field | type | |',
    '|---|---|---|',
    ...type.fields.map((field) => row(field, properties[field.name])),
    '',
  ]
}

function row({ name, kind, optional }, schema) {
  const values = schema.enum ?? schema.anyOf?.flatMap((each) => each.enum ?? [])
  const type = values?.length ? values.map((value) => `\`${value}\``).join(', ') : kind
  return `| \`${name}\` | ${type}${optional ? ', may be absent' : ''} | ${schema.description ?? ''} |`
}
