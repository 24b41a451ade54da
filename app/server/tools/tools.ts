import { z } from 'zod'
import type { ToolDefinition } from '../../../lib/src/base/agent/index.ts'
import { type Caller, hasRole, inputOf, mildestEffect, ROLES, roleFor, toolJsonSchema } from '../../../lib/src/mcp-tools/index.ts'
import { json } from '../headers.ts'
import { named } from '../openapi/named.ts'
import { defineRoute } from '../route.ts'
import { effectSchema, known } from './shapes.ts'

const role = z.enum(ROLES)

const tool = named(
  'Tool',
  z
    .object({
      name: z.string(),
      title: z.string(),
      summary: z.string().describe('its result, and when to use it'),
      set: z.string(),
      effect: effectSchema.describe('the strongest effect of a call'),
      reads: z.array(z.string()).optional().describe('values of `action` that only read'),
      destroys: z
        .array(z.string())
        .optional()
        .describe('values of `action` that destroy; absent if every call of a destroying tool does'),
      long: z.boolean().describe('true if each call is a job from the start'),
      least_role: role.describe('role needed for the mildest of its calls'),
      role: role.describe('role needed for all of its calls'),
      allowed: z.enum(['all', 'some', 'none']).describe('calls that the caller of this list may make'),
      input: z.record(z.string(), z.unknown()).describe('its arguments, as JSON Schema'),
    })
    .describe('One tool'),
)

type ToolWire = z.input<typeof tool>

const schema = named('ToolList', z.object({ items: z.array(tool) }).describe('All tools, by name'))

type Described = Omit<ToolWire, 'allowed'>

/** Cached descriptions, because the schemas are the larger part of the answer. */
const described = new WeakMap<readonly ToolDefinition[], readonly Described[]>()

function describeAll(tools: readonly ToolDefinition[]): readonly Described[] {
  const known = described.get(tools)
  if (known) return known
  const made = tools.map(describe).sort((a, b) => (a.name < b.name ? -1 : 1))
  described.set(tools, made)
  return made
}

function describe(tool: ToolDefinition): Described {
  const { name, title, summary, set, effect, reads, destructive, long } = tool
  return {
    name,
    title,
    summary,
    set,
    effect,
    ...(reads && { reads: [...reads] }),
    ...(destructive && { destroys: [...destructive.actions] }),
    long: long === true,
    least_role: roleFor(mildestEffect(tool)),
    role: roleFor(effect),
    input: toolJsonSchema(inputOf(tool), 'input'),
  }
}

const allowedTo = ({ role: of }: Caller, least: ToolWire['role'], all: ToolWire['role']): ToolWire['allowed'] =>
  hasRole(of, all) ? 'all' : hasRole(of, least) ? 'some' : 'none'

export const listTools = defineRoute({
  path: '/api/v1/tools',
  tag: 'Tools',
  name: 'tools',
  summary: 'The tools, with their arguments and the calls that the caller may make',
  responses: { 200: { description: 'all tools', schema } },
  errors: ['BAD_REQUEST'],
  answer: async ({ tools }, _query, { caller }) => {
    const by = known(caller)
    const items = describeAll(tools).map((one) => ({ ...one, allowed: allowedTo(by, one.least_role, one.role) }))
    return json(JSON.stringify({ items } satisfies z.input<typeof schema>))
  },
})
