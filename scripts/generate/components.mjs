// docs/reference/sources.md, sinks.md and agents.md: what there is, and the settings of each, from its definition.
import { settingsOf } from '../../lib/src/base/index.ts'
import { sinkDefinitions } from '../../lib/src/consumers/index.ts'
import { sourceDefinitions } from '../../lib/src/publishers/index.ts'
import { agentDefinitions } from '../../lib/src/streaming/platform/index.ts'
import { settingsTable } from '../support/settingsTable.mjs'

export const outputs = () => ({
  'docs/reference/sources.md': reference('Sources', 'lib/src/publishers/sources', sourceDefinitions, ITS_NAME),
  'docs/reference/sinks.md': reference('Sinks', 'lib/src/consumers/sinks', sinkDefinitions, ITS_NAME),
  'docs/reference/agents.md': reference('Agents', 'the agents/ folders', agentDefinitions, AGENTS),
})

const ITS_NAME = 'The settings of each stand under its name in `qicore.yaml`.'
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

function section({ name, summary, config }) {
  const settings = settingsOf(config)
  const table = settings.length > 0 ? settingsTable(settings) : ['It has no settings.']
  return [`## ${name}`, '', `${summary}.`, '', ...table, '']
}
