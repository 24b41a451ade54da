// docs/reference/configuration.md: the platform's own settings, from its configuration schema.
import { settingsOf } from '../../lib/src/base/index.ts'
import { sinkDefinitions } from '../../lib/src/consumers/index.ts'
import { sourceDefinitions } from '../../lib/src/publishers/index.ts'
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
sources: [simulated]
simulated:
  interval_ms: 200
\`\`\`

The settings of [sources](sources.md) and [sinks](sinks.md) stand under their names.
`

export function outputs() {
  const components = new Set([...Object.keys(sourceDefinitions), ...Object.keys(sinkDefinitions)])
  const settings = settingsOf(configSchema).filter(({ path }) => !components.has(path.split('.')[0]))
  return { 'docs/reference/configuration.md': `${INTRODUCTION}\n${settingsTable(settings).join('\n')}\n` }
}
