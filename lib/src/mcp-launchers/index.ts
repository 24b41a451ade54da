export { checkServerName, MCPServerManager, SEPARATOR } from './manager/MCPServerManager.ts'
export type {
  CallOptions as McpCallOptions,
  CatalogueTool,
  ServerHealth,
  ServerState,
  SupervisionOptions,
  ToolResult,
} from './manager/model.ts'
export { parseServersJson } from './manager/serversJson.ts'
export {
  defineLauncher,
  type Launched,
  type LauncherContext,
  type LauncherDefinition,
  type Precondition,
} from './shared/launcher.ts'
export type { CommandSpec, ServerSpec, UrlSpec } from './shared/spec.ts'
