import { userInfo } from 'node:os'
import type { Caller, Face } from '../../lib/src/mcp-tools/index.ts'

/** The user of the command line, who is an admin: a user who can read the data folder can do everything anyway. */
export const commandLineUser = (face: Face): Caller => ({ name: userInfo().username, role: 'admin', face })
