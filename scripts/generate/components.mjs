// docs/reference/sources.md and sinks.md: what there is, and the settings of each, from its definition.
import { settingsOf } from '../../lib/src/base/index.ts'
import { sinkDefinitions } from '../../lib/src/consumers/index.ts'
import { sourceDefinitions } from '../../lib/src/publishers/index.ts'
import { settingsTable } from '../support/settingsTable.mjs'

export const outputs = () => ({
  'docs/reference/sources.md': reference('Sources', 'publishers/sources', sourceDefinitions),
  'docs/reference/sinks.md': reference('Sinks', 'consumers/sinks', sinkDefinitions),
})

function reference(title, folder, definitions) {
  return `${[
    `# ${title}`,
    '',
    `<!-- Generated from lib/src/${folder} by \`npm run generate\`. -->`,
    '',
    'The settings of each stand under its name in `qicore.yaml`.',
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
