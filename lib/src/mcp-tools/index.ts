export { AUDIT_DAYS, AUDIT_LINES, type AuditLine, AuditLog, OUTCOMES } from './access/AuditLog.ts'
export {
  type Caller,
  effectOf,
  type Face,
  hasRole,
  mildestEffect,
  ROLES,
  type Role,
  requireRole,
  roleFor,
} from './access/roles.ts'
export { TokenBook } from './access/TokenBook.ts'
export { type TokenInfo, Tokens } from './access/Tokens.ts'
export { MOST_TOKENS, type ToolAnswer } from './answer/answerOf.ts'
export { provenance } from './answer/provenance.ts'
export { type TimescaleDBDSL, TimescaleDBMCPWrapper } from './bindings/TimescaleDBMCPWrapper.ts'
export { datastreamAgents } from './datastream/agents/index.gen.ts'
export { DockerServiceDSL, type DockerSettings, dockerSettings } from './datastream/docker/index.ts'
export { tools } from './index.gen.ts'
export { JOB_STATES, type Job, type JobState, KEPT_HOURS, MOST_RESULT_BYTES } from './jobs/JobStore.ts'
export { type CallAnswer, JOB_LIMITS, type JobLimits, KeyReused, ToolCalls } from './jobs/ToolCalls.ts'
export { CONSENT_SECONDS } from './server/Consents.ts'
export {
  AGREED,
  CONFIRM,
  type Consenting,
  ConsentNeeded,
  callTool,
  explainFailure,
  inputOf,
  outputOf,
} from './server/callTool.ts'
export { createServer, type McpServerOptions } from './server/createServer.ts'
export { DirectCaller, type DirectCallerOptions } from './server/DirectCaller.ts'
export type { McpSender } from './server/LegacySessions.ts'
export { OFFER_HEADERS, type ToolOffer, type ToolOfferOptions, ToolOffers, toolOffer } from './server/offer.ts'
export { toolJsonSchema } from './server/schema.ts'
export { type Selection, selectTools, toolNamed, toolsetNames } from './server/select.ts'
export { type McpEndpoint, mcpEndpoint, serveOverStdio } from './server/serve.ts'
export {
  AnalyticsTools,
  CryptoDataTools,
  RedpandaTools,
  StoreCryptoPricesTool,
  StreamCryptoDataTool,
  TimescaleDBFinancialTools,
  TimescaleTools,
} from './toolsets.ts'
