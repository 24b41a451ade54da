import type { ToolDefinition } from '../../base/agent/index.ts'
import { QiError } from '../../base/types/index.ts'
import { type Selection, selectTools, toolsetNames } from './select.ts'

/** The tools of one connection: listed ones, and more that `find_tools` finds. */
export interface ToolOffer {
  readonly tools: readonly ToolDefinition[]
  /** Found by `find_tools` and called by `call_tool`. */
  readonly more: readonly ToolDefinition[]
  /** True if the list has output schemas: they more than double it, and no model needs them. */
  readonly outputSchemas: boolean
}

/** How a connection asks for its tools. */
export interface ToolOfferOptions {
  /** Names of tools; sets of them are understood too. */
  readonly tools?: readonly string[] | undefined
  /** `default`, `all`, or sets such as RedpandaTools. */
  readonly toolsets?: readonly string[] | undefined
  readonly readOnly?: boolean | undefined
  readonly destructive?: boolean | undefined
  readonly outputSchemas?: boolean | undefined
}

/**
 * Without names: the default set. Names limit the connection to them; with the default set all other allowed tools can be found.
 * @throws QiError BAD_REQUEST for an unknown name
 */
export function toolOffer({ tools, toolsets, readOnly, destructive, outputSchemas = false }: ToolOfferOptions = {}): ToolOffer {
  for (const name of toolsets ?? [])
    if (!toolsetNames().includes(name))
      throw new QiError('BAD_REQUEST', `toolsets: there is no set named "${name}"; there are ${toolsetNames().join(', ')}`, {
        field: 'toolsets',
      })
  const named = [...(tools ?? []), ...(toolsets ?? [])]
  const names = named.length > 0 ? named : ['default']
  const limits: Selection = { readOnly, destructive }
  const listed = selectTools({ ...limits, names })
  const more = names.includes('default') ? selectTools(limits).filter((tool) => !listed.includes(tool)) : []
  return { tools: listed, more, outputSchemas }
}

/** Headers that choose tools. In the query they have the same names without `x-mcp-`, with underscores. */
const HEADER = {
  tools: 'x-mcp-tools',
  toolsets: 'x-mcp-toolsets',
  readOnly: 'x-mcp-readonly',
  outputSchemas: 'x-mcp-output-schemas',
}
const PARAMETER = { tools: 'tools', toolsets: 'toolsets', readOnly: 'readonly', outputSchemas: 'output_schemas' }
export const OFFER_HEADERS: readonly string[] = Object.values(HEADER)

/** Most characters of a choice; all names together are shorter. */
const MOST_LENGTH = 4_000
/** Most cached choices. */
const MOST_KEPT = 100

/** The offers of an HTTP endpoint, chosen by header or query, and cached. */
export class ToolOffers {
  readonly #destructive: boolean
  readonly #kept = new Map<string, ToolOffer>()

  /** @param destructive true if destructive tools are offered */
  constructor(destructive: boolean) {
    this.#destructive = destructive
  }

  /** @throws QiError BAD_REQUEST naming the invalid header or parameter */
  of(request: Request | undefined): ToolOffer {
    const chosen = request && choiceOf(request)
    const key = JSON.stringify(chosen ?? {})
    const known = this.#kept.get(key)
    if (known) return known
    const made = toolOffer({ ...chosen, destructive: this.#destructive })
    const [oldest] = this.#kept.keys()
    if (this.#kept.size >= MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest)
    this.#kept.set(key, made)
    return made
  }
}

/** Reads query and headers. If both name tools, the query counts; either can ask for read-only tools. */
function choiceOf({ url, headers }: Request): ToolOfferOptions {
  const query = url.includes('?') ? new URL(url).searchParams : undefined
  const given = (key: keyof typeof HEADER): string | undefined => {
    const value = query?.get(PARAMETER[key]) ?? headers.get(HEADER[key]) ?? undefined
    if (value !== undefined && value.length > MOST_LENGTH)
      throw new QiError('BAD_REQUEST', `${PARAMETER[key]}: longer than ${MOST_LENGTH} characters; name sets instead of tools`, {
        field: PARAMETER[key],
      })
    return value
  }
  const names = (key: 'tools' | 'toolsets') => {
    const list = given(key)
      ?.split(',')
      .map((name) => name.trim())
      .filter(Boolean)
    return list?.length ? { [key]: list } : {}
  }
  const readOnly = [query?.get(PARAMETER.readOnly), headers.get(HEADER.readOnly)].some((value) => flagOf('readonly', value))
  return {
    ...names('tools'),
    ...names('toolsets'),
    readOnly,
    outputSchemas: flagOf('output_schemas', given('outputSchemas')),
  }
}

function flagOf(name: string, value: string | null | undefined): boolean {
  if (value === undefined || value === null) return false
  if (/^(true|1|)$/i.test(value)) return true
  if (/^(false|0)$/i.test(value)) return false
  throw new QiError('BAD_REQUEST', `${name} "${value.slice(0, 60)}": expected true or false`, { field: name })
}
