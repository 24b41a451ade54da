// docs/reference/configuration.md: the platform's own settings, from its configuration schema.
import { settingsOf, sharedVariables } from '../../lib/src/base/types/index.ts'
import { configSchema } from '../../lib/src/streaming/platform/index.ts'
import { settingsTable } from '../support/settingsTable.mjs'

const INTRODUCTION = `# Configuration

<!-- Generated from lib/src/streaming/platform/config.ts by \`npm run generate\`. -->

Flags win over the environment, the environment over \`qicore.yaml\`, that over the defaults. \`qicore config show\` says what each
setting is and where it came from; \`qicore config check\` tries it. Unknown settings and unknown \`QICORE_\` variables are refused.

The project is the nearest folder upwards that holds \`qicore.yaml\` or \`.qicore\`. A dotted path is a nested one in the file:

\`\`\`yaml
server:
  port: 9000
sources:
  simulated:
    interval_ms: 200
\`\`\`

[Sources](sources.md) and [destinations](destinations.md) are instances of types, each under its name with the settings of its type.
`

export function outputs() {
  const all = settingsOf(configSchema)
  const [problem] = sharedVariables(all)
  if (problem) throw new Error(problem)
  // Those of the types have a page of their own.
  const settings = all.filter(({ path }) => !path.startsWith('sources.') || path === 'sources.run')
  return { 'docs/reference/configuration.md': `${INTRODUCTION}\n${settingsTable(settings).join('\n')}\n` }
}
