// docs/reference/sources.md, destinations.md and agents.md: what there is, and the settings of each, from its definition.
import { settingsOf } from '../../lib/src/base/types/index.ts'
import { sinkDefinitions } from '../../lib/src/consumers/index.ts'
import { sourceDefinitions } from '../../lib/src/publishers/index.ts'
import { agentDefinitions } from '../../lib/src/streaming/platform/index.ts'
import { settingsTable } from '../support/settingsTable.mjs'

export const outputs = () => ({
  'docs/reference/sources.md': reference('Sources', 'lib/src/publishers/sources', sourceDefinitions, SOURCES),
  'docs/reference/destinations.md': reference('Destinations', 'lib/src/consumers/sinks', sinkDefinitions, DESTINATIONS),
  'docs/reference/agents.md': reference('Agents', 'the agents/ folders', agentDefinitions, AGENTS),
})

const SOURCES = `The types of sources. A source is an instance of one: \`sources.<name>\` in \`qicore.yaml\`, with the settings of its \`type\` (default: its
name). Its name is the \`source\` of its records, and its name in health, coverage, limits and commands. What the file configures runs, unless
\`sources.run\` (or \`QICORE_SOURCES\`) names others; each type can also be named without being configured.

\`\`\`yaml
sources:
  coingecko:
    coins: [bitcoin, ethereum]
  in-euro:
    type: coingecko
    currencies: [eur]
\`\`\`

The variables of an instance begin with its name: \`COINGECKO_API_KEY\` is coingecko's, \`IN_EURO_API_KEY\` that of \`in-euro\`.`
const DESTINATIONS =
  'The types of destinations. A destination is an instance of one: `destinations.<name>` in `qicore.yaml`, with the settings of its `type` (default: its name).'
const AGENTS =
  'What each does, and its settings, which stand under `agents.` and its name in `qicore.yaml`. `qicore agent list` says which run.'

function reference(title, folder, definitions, where) {
  return `${[
    `# ${title}`,
    '',
    `<!-- Generated from ${folder} by \`npm run generate\`. -->`,
    '',
    where,
    '',
    ...Object.values(definitions).flatMap(section),
  ]
    .join('\n')
    .trimEnd()}\n`
}

function section({ name, summary, config, terms }) {
  const settings = settingsOf(config)
  const table = settings.length > 0 ? settingsTable(settings) : ['It has no settings.']
  return [`## ${name}`, '', `${summary}.`, '', ...table, '', ...termsOf(terms)]
}

const termsOf = (terms) =>
  terms === undefined
    ? []
    : [
        `Terms of the provider: attribution: ${terms.attribution}; redistribution: ${terms.redistribution}${terms.url ? ` (<${terms.url}>)` : ''}.`,
        '',
      ]
