import type { ToolDefinition, ToolEffect } from '../../base/agent/index.ts'
import { QiError } from '../../base/types/index.ts'

/** Each role includes those before it. */
export const ROLES = ['viewer', 'operator', 'admin'] as const
export type Role = (typeof ROLES)[number]

/** The interface of a call. */
export type Face = 'http' | 'mcp' | 'cli'

/** The caller of a tool: decides what is allowed, and is named in the audit log. */
export interface Caller {
  /** Name of the token, `loopback`, or the user of the command line. */
  readonly name: string
  readonly role: Role
  readonly face: Face
  /** Id of its token, if that is one of the store. */
  readonly token?: string | undefined
  /** Remote address, if any. */
  readonly address?: string
}

/** The least role for each effect. */
const LEAST: Readonly<Record<ToolEffect, Role>> = { read: 'viewer', write: 'operator', destroy: 'admin' }

export const hasRole = (role: Role, least: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(least)

export const roleFor = (effect: ToolEffect): Role => LEAST[effect]

/** The effect of one call: a tool that writes or destroys may have actions that do less. */
export function effectOf(tool: ToolDefinition, input: Readonly<Record<string, unknown>>): ToolEffect {
  const { effect, reads } = tool
  if (effect === 'read' || reads?.includes(String(input.action)) || tool.isRead?.(input)) return 'read'
  if (effect === 'destroy' && tool.question && tool.question(input) === undefined) return 'write'
  return effect
}

/** The mildest effect that a call of the tool can have. */
export function mildestEffect({ effect, reads, isRead, destructive }: ToolDefinition): ToolEffect {
  if (effect === 'read' || reads || isRead) return 'read'
  return destructive ? 'write' : effect
}

/** @throws QiError FORBIDDEN naming the role that is needed */
export function requireRole({ name, role }: Pick<Caller, 'name' | 'role'>, least: Role, what: string): void {
  if (hasRole(role, least)) return
  throw new QiError(
    'FORBIDDEN',
    `${what} needs the role ${least}, and ${name} has the role ${role}: use a token of that role (qicore token create NAME --role ${least})`,
    { field: 'authorization' },
  )
}
