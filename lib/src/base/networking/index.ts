export * from './clock.ts'
export * from './rateLimit.ts'
export * from './retry.ts'
