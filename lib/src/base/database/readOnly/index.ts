export type { Cell } from './cells.ts'
export { type ReadLimits, type ReadRows, readNamed, readSql } from './query.ts'
export { type RoleOwner, readerUrl } from './role.ts'
