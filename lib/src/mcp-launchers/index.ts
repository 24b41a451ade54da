export { OfficialCoinGeckoMCPLauncher } from './coingecko/OfficialCoinGeckoMCPLauncher.ts'
export { DockerMCPGatewayLauncher } from './docker/DockerMCPGatewayLauncher.ts'
export { launcherNamed, launchers } from './launchers.ts'
export { checkServerName, MCPServerManager, SEPARATOR } from './manager/MCPServerManager.ts'
export type {
  CallOptions as McpCallOptions,
  CatalogueTool,
  ServerHealth,
  ServerState,
  ToolResult,
} from './manager/model.ts'
export { parseServersJson } from './manager/serversJson.ts'
export { startCoinGeckoMCP, startPostgresMCP, startRedpandaMCP } from './official.ts'
export { ArchivedPostgresMCPLauncher, OfficialPostgresMCPLauncher } from './postgres/OfficialPostgresMCPLauncher.ts'
export {
  OfficialRedpandaMCPLauncher,
  OfficialRedpandaMCPLauncher as RedpandaMCPLauncher,
} from './redpanda/OfficialRedpandaMCPLauncher.ts'
export {
  defineLauncher,
  type Launched,
  type LauncherContext,
  type LauncherDefinition,
  type Precondition,
} from './shared/launcher.ts'
export type { CommandSpec, ServerSpec, UrlSpec } from './shared/spec.ts'
export type { SupervisionOptions } from './shared/supervision.ts'
