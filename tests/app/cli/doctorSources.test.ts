import { expect, test } from 'vitest'
import { checkSources } from '../../../app/cli/doctor/sources.ts'
import { loadConfig } from '../../../lib/src/streaming/platform/index.ts'
import { makeProject } from './project.ts'

test('a source without its key fails with the variable to set, and nobody is sent to look at the network', async () => {
  await using project = await makeProject('doctor-sources', 'sources: { run: [fred, twelvedata] }\n')
  const { config } = loadConfig({ cwd: project.cwd, env: {} })
  const findings = (await Promise.all(checkSources(config))).flat()
  expect(findings).toMatchObject([
    { name: 'source fred', verdict: 'failed', summary: expect.stringContaining('set FRED_API_KEY or sources.fred.api_key') },
    {
      name: 'source twelvedata',
      verdict: 'failed',
      summary: expect.stringContaining('set TWELVEDATA_API_KEY or sources.twelvedata.api_key'),
    },
  ])
  for (const { remedy } of findings) expect(remedy).toContain('correct that setting')
})
