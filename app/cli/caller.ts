import { userInfo } from 'node:os'
import type { Caller, Face } from '../../lib/src/mcp-tools/index.ts'

/** The user of the command line: whoever may read the data folder may do everything. */
export const commandLineUser = (face: Face): Caller => ({ name: userInfo().username, role: 'admin', face })
