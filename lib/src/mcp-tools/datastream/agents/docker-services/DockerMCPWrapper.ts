import { MCPWrapper, type McpCaller, verbOf } from '../../../../base/agent/index.ts'
import { dockerServiceHealth } from '../../docker_service_health.ts'
import { dockerServiceLogs } from '../../docker_service_logs.ts'
import { dockerServiceStats } from '../../docker_service_stats.ts'
import { dockerServiceStatus } from '../../docker_service_status.ts'
import { dockerStartServices } from '../../docker_start_services.ts'
import { dockerStopServices } from '../../docker_stop_services.ts'

const verbs = {
  start: verbOf(dockerStartServices),
  stop: verbOf(dockerStopServices),
  status: verbOf(dockerServiceStatus),
  health: verbOf(dockerServiceHealth),
  stats: verbOf(dockerServiceStats),
  logs: verbOf(dockerServiceLogs),
}

/** The verbs of DockerServiceDSL, carried out by the Docker tools of an MCP server. */
export class DockerMCPWrapper extends MCPWrapper<typeof verbs> {
  constructor(caller: McpCaller, options?: { readonly prefix?: string }) {
    super(caller, verbs, options)
  }
}
