import { randomBytes } from 'node:crypto'

/** Such as `market-analysis-3f9c01ab24de`. */
export const newRunId = (workflow: string): string => `${workflow}-${randomBytes(6).toString('hex')}`
