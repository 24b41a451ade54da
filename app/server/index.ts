export { openapiDocument } from './openapi/document.ts'
export { type RunningServer, type ServeOptions, serve } from './serve.ts'
export type { ServedPlatform, ServerSettings } from './served.ts'
