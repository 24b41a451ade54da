// A server of the tools of the test in a process of its own, which a test kills. Prints its address.
import { serve } from '../../../../app/server/index.ts'
import { openEngines } from '../served.ts'
import { trialTools, withTools } from './trialTools.ts'

const engines = await openEngines(String(process.env.TEST_DATABASE))
const server = await serve({
  platform: withTools(engines),
  config: { server: { host: '127.0.0.1', port: 0 } },
  tools: trialTools,
})
console.log(server.url)
