export { FileImport, type ImportHost, type ImportRunOptions } from './FileImport.ts'
export { type ImportOptions, openImport } from './openImport.ts'
export type { ImportFailure, ImportFilter, ImportProgress, ImportRequest, ImportResult } from './request.ts'
