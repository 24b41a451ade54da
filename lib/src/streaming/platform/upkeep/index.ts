export { applyPolicies, janitor } from './janitor.ts'
export { keepRollups } from './rollups.ts'
export { type StoreSettings, storeSettings } from './settings.ts'
