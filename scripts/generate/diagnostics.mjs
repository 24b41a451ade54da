// docs/reference/diagnostics.md, from the declared diagnostics channels.
import { DIAGNOSTICS_CHANNELS } from '../../lib/src/base/types/index.ts'

export const outputs = () => ({ 'docs/reference/diagnostics.md': reference() })

function reference() {
  return `${[
    '# Diagnostics channels',
    '',
    '<!-- Generated from lib/src/base/types/diagnostics.ts by `npm run generate`. -->',
    '',
    'The platform publishes what it does on channels of [`node:diagnostics_channel`](https://nodejs.org/api/diagnostics_channel.html).',
    'They cost nothing while nobody subscribes. [Metrics](../watching.md#metrics) are counted from them. The payloads are typed: the library',
    'exports each type and channel name.',
    '',
    '```js',
    "import { subscribe } from 'node:diagnostics_channel'",
    '',
    "subscribe('qicore:network', (event) => console.log(event))",
    '```',
    '',
    ...DIAGNOSTICS_CHANNELS.flatMap(section),
  ]
    .join('\n')
    .trimEnd()}\n`
}

const section = ({ name, when, payload, types, fields }) => [
  `## ${name}`,
  '',
  when,
  '',
  `Payload \`${payload}\`${types ? `, told apart by \`type\`` : ''}.`,
  '',
  ...(types ? ['| type | |', '|---|---|', ...Object.entries(types).map(row), ''] : []),
  '| field | |',
  '|---|---|',
  ...Object.entries(fields).map(row),
  '',
]

const row = ([name, text]) => `| \`${name}\` | ${text} |`
