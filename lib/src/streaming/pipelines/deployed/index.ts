export { type DraftRequest, Drafts } from './Drafts.ts'
export * from './model.ts'
export { type DeployCheck, type DeployRequest, PIPELINE_CHANNEL, PipelineStore } from './PipelineStore.ts'
export { beat, endBeat, liveProcesses, type PipelineProcess } from './processes.ts'
