export { type ObjectServer, S3_KEYS, startGcs, startS3 } from './run/objectServers.ts'
