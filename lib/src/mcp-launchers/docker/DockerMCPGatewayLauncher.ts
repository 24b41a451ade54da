import { QiError } from '../../base/types/index.ts'
import { defineLauncher, type LauncherContext, type Precondition } from '../shared/launcher.ts'
import { programOnPath, runProgram } from '../shared/programs.ts'

const REMEDY = "install Docker's MCP Toolkit (Docker Desktop has it); without it our own Docker tools serve: qicore tool"

/** Where its engine is. */
const PASSED = ['DOCKER_HOST', 'DOCKER_CONTEXT', 'DOCKER_CONFIG']

async function preconditions({ env }: LauncherContext): Promise<readonly Precondition[]> {
  const docker = await programOnPath('docker', env.PATH)
  if (!docker) return [{ name: 'docker', ok: false, summary: 'there is no docker on the PATH', remedy: REMEDY }]
  const { code } = await runProgram(docker, ['mcp', 'version'], { own: env, passEnv: PASSED, timeoutMs: 10_000 })
  if (code !== 0) return [{ name: 'docker mcp', ok: false, summary: 'this docker has no MCP gateway', remedy: REMEDY }]
  return [{ name: 'docker mcp', ok: true, summary: `the gateway of ${docker}` }]
}

/** Docker's MCP gateway, which runs servers of Docker's catalogue in containers. */
export const DockerMCPGatewayLauncher = defineLauncher({
  name: 'docker',
  summary: "Docker's MCP gateway, where Docker has one; else our own Docker tools serve",
  preconditions,
  async launch(context) {
    const missing = (await preconditions(context)).find(({ ok }) => !ok)
    if (missing) throw new QiError('CONFIG_INVALID', `${missing.summary}: ${missing.remedy}`, { field: 'mcp.servers' })
    const command = (await programOnPath('docker', context.env.PATH)) as string
    return {
      spec: {
        command,
        args: ['mcp', 'gateway', 'run', '--transport', 'stdio'],
        passEnv: PASSED,
      },
    }
  },
})
