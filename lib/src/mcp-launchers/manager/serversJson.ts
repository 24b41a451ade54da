import { z } from 'zod'
import { errorMessage, QiError, wordIssue } from '../../base/types/index.ts'
import type { ServerSpec } from '../shared/spec.ts'
import { checkServerName } from './MCPServerManager.ts'

const texts = z.record(z.string(), z.string())
const entry = z
  .strictObject({
    type: z.enum(['stdio', 'http', 'streamable-http', 'streamableHttp']).optional(),
    command: z.string().min(1).optional(),
    args: z.array(z.string()).optional(),
    env: texts.optional(),
    cwd: z.string().min(1).optional(),
    url: z.url({ protocol: /^https?$/ }).optional(),
    headers: texts.optional(),
    disabled: z.boolean().optional(),
  })
  .refine((server) => (server.command === undefined) !== (server.url === undefined), {
    message: 'give either command, for a program to start, or url, for a server that runs elsewhere',
  })
  .refine((server) => server.url === undefined || !(server.args || server.env || server.cwd), {
    message: 'args, env and cwd belong to a command, not to a url',
  })
const servers = z.looseObject({ mcpServers: z.record(z.string(), entry) })

/**
 * The `mcpServers` of Claude Desktop, Cursor and others. `${NAME}` in `env` and `headers` stands for a variable of our environment;
 * no other of it reaches a server.
 * @param where the name of the file, for messages
 * @throws QiError CONFIG_INVALID that names field, value and remedy
 */
export function parseServersJson(
  text: string,
  where = 'mcpServers',
  own: Readonly<Record<string, string | undefined>> = process.env,
): Readonly<Record<string, ServerSpec>> {
  const { mcpServers } = read(text, where)
  const specs: Record<string, ServerSpec> = {}
  for (const [name, { command, url, args, cwd, env = {}, headers = {}, disabled }] of Object.entries(mcpServers)) {
    checkServerName(name, `${where}: mcpServers`)
    if (disabled) continue
    const filled = (values: Readonly<Record<string, string>>, field: string) =>
      Object.fromEntries(
        Object.entries(values).map(([key, value]) => [key, fill(value, `${where}: mcpServers.${name}.${field}.${key}`, own)]),
      )
    if (url !== undefined) specs[name] = { url, headers: filled(headers, 'headers') }
    else if (command !== undefined)
      specs[name] = { command, env: filled(env, 'env'), ...(args && { args }), ...(cwd !== undefined && { cwd }) }
  }
  return specs
}

function read(text: string, where: string): z.output<typeof servers> {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (error) {
    throw new QiError('CONFIG_INVALID', `${where} is not JSON (${errorMessage(error)}): mend it there`, { cause: error })
  }
  const result = servers.safeParse(json)
  if (result.success) return result.data
  const issue = result.error.issues[0]
  const path = issue?.path.map(String) ?? []
  const field = path.join('.')
  const value = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], json)
  const shown = value === undefined ? 'missing' : JSON.stringify(value).slice(0, 120)
  const remedy = 'write {"mcpServers": {"NAME": {"command": "PROGRAM", "args": []}}}, or "url" in place of "command"'
  throw new QiError(
    'CONFIG_INVALID',
    `${where}: ${field || 'the file'} is ${shown}: ${issue && wordIssue(issue, true)}; ${remedy}`,
    {
      ...(field && { field }),
    },
  )
}

const fill = (value: string, field: string, own: Readonly<Record<string, string | undefined>>): string =>
  value.replace(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (_, name: string) => {
    const found = own[name]
    if (found !== undefined) return found
    throw new QiError(
      'CONFIG_INVALID',
      `${field} is "${value}", but ${name} is not set: set it in the environment, or write the value`,
      {
        field,
      },
    )
  })
