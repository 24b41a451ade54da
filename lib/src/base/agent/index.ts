export {
  type AgentEvents,
  type AgentHealth,
  type AgentOptions,
  type AgentState,
  type AgentStatus,
  BaseAgent,
  type TaskOptions,
} from './BaseAgent.ts'
export type { AgentMetrics } from './counters.ts'
export { type AgentDefinition, type AgentParts, defineAgent, type SettingsProblem } from './defineAgent.ts'
export { DurableRunner, type DurableRunnerOptions } from './durable/DurableRunner.ts'
export { Liveness } from './durable/liveness.ts'
export * from './incidents/index.ts'
export * from './llm/index.ts'
export { type DSL, MCPWrapper, type McpCaller, type Verb, type VerbOptions, type Verbs, verbOf } from './mcp/MCPWrapper.ts'
export type { Schedule } from './schedule.ts'
export * from './tool.ts'
export * from './workflow/index.ts'
