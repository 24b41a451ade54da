import { z } from 'zod'
import {
  escapeHidden,
  escapeHiddenInLines,
  QiError,
  suggest,
  type ToolContext,
  type ToolDefinition,
  toQiError,
} from '../../base/index.ts'
import { Consents } from './Consents.ts'
import { describeIssue } from './issues.ts'

/** How a call that destroys something gets the user's consent. */
export interface Consenting {
  /** The caller, so that nobody else can use a token that was given to it. */
  readonly caller: string
  /**
   * Asks the user, where the caller can: whatever the arguments say. `token` stands for the question: a caller that answers in a second
   * request hands it back there.
   */
  readonly ask?:
    | ((question: string, token: () => Promise<string>, redeem: (token: string) => Promise<boolean>) => Promise<boolean>)
    | undefined
}

/** Of callers who have the user's consent already: agents, whose workflows ask, and a person who typed `--yes`. */
export const AGREED = 'agreed'

export interface ToolAnswer {
  readonly structured: Readonly<Record<string, unknown>>
  readonly text: string
}

/** The argument that a tool which destroys takes besides its own: the token of a refusal. */
export const CONFIRM = 'confirm'
const TOKEN = z
  .string()
  .max(100)
  .optional()
  .describe('only where a refusal gave a token for this very call and the user has agreed since: that token')

/** What a tool takes, with `confirm` where it destroys. */
export const inputOf = ({ effect, input }: ToolDefinition): z.ZodObject =>
  (effect === 'destroy' ? input.extend({ [CONFIRM]: TOKEN }) : input).strict()

/**
 * One call: the arguments are checked, the user consents to what is destroyed, the tool runs.
 * @throws QiError BAD_REQUEST naming the argument, its value and the remedy; CONFLICT with a token where the user cannot be asked;
 * CANCELLED where the user did not agree; what the tool throws
 */
export async function callTool(
  tool: ToolDefinition,
  given: unknown,
  context: ToolContext,
  consenting: Consenting | typeof AGREED,
): Promise<ToolAnswer> {
  const { [CONFIRM]: token, ...input } = parseArguments(tool, given ?? {})
  if (tool.effect === 'destroy' && consenting !== AGREED)
    await getConsent(tool, input, token as string | undefined, context, consenting)
  context.signal.throwIfAborted()
  const structured = await tool.run(input, context)
  return { structured, text: escapeHiddenInLines(tool.text(structured)) }
}

async function getConsent(
  tool: ToolDefinition,
  input: Record<string, unknown>,
  token: string | undefined,
  { store }: ToolContext,
  { caller, ask }: Consenting,
): Promise<void> {
  const asked = tool.question ? tool.question(input) : `${tool.title}: go on?`
  if (asked === undefined) return
  const question = escapeHidden(asked)
  const consents = await Consents.open(store.pool)
  const call = { caller, tool: tool.name, input }
  if (ask) {
    if (
      await ask(
        question,
        () => consents.issue(call),
        (given) => consents.redeem(given, call),
      )
    )
      return
    throw new QiError('CANCELLED', `the user did not agree to "${question}"; nothing was done`, { field: CONFIRM })
  }
  if (token !== undefined && (await consents.redeem(token, call))) return
  const why =
    token === undefined
      ? 'this destroys something'
      : `${CONFIRM} is no token for this very call, or it is used up or older than five minutes`
  throw new QiError(
    'CONFLICT',
    `${tool.name}: ${why}; nothing was done. Ask the user "${question}". If they agree, make the same call with ${CONFIRM}: "${await consents.issue(call)}" (good for one call, for five minutes)`,
    { field: CONFIRM },
  )
}

function parseArguments(tool: ToolDefinition, given: unknown): Record<string, unknown> {
  const result = inputOf(tool).safeParse(withoutBareConsent(tool, given))
  if (result.success) return result.data
  const known = Object.keys(inputOf(tool).shape)
  const parts = result.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => `${short(key)}: unknown argument${suggest(key, known)}`).join('; ')
      : describeIssue(issue, given),
  )
  const [first] = result.error.issues
  const field = first?.code === 'unrecognized_keys' ? first.keys[0] : first?.path.join('.')
  throw new QiError('BAD_REQUEST', `${tool.name}: ${parts.slice(0, 5).join('; ')}`, { field: short(field ?? '') })
}

/** `confirm: true` is the caller's own word, not the user's: as good as none. */
function withoutBareConsent({ effect }: ToolDefinition, given: unknown): unknown {
  if (effect !== 'destroy' || typeof given !== 'object' || given === null || Array.isArray(given)) return given
  const { [CONFIRM]: said, ...rest } = given as Record<string, unknown>
  return typeof said === 'boolean' ? rest : given
}

/** A failure may quote what it was given; the caller's context is not ours to fill. */
const MOST_TEXT = 1500

const short = (text: string): string => text.slice(0, 60)

/** What a caller is told when a call failed: what, why, and whether trying again can help. */
export function explainFailure(failure: unknown): { readonly text: string; readonly error: QiError } {
  const error = toQiError(failure)
  const again = error.retryAfterMs
    ? ` Try again in ${Math.ceil(error.retryAfterMs / 1000)} s.`
    : error.retryable
      ? ' The same call can succeed later.'
      : ''
  // Of all that errors quote only SQL, which is the caller's own, has lines: they show the place that is wrong.
  // A defect may tell of the inside: its message is for the log.
  const message = error.code === 'INTERNAL' ? 'a defect in QiCore; the log says more' : error.message
  return { error, text: `${error.code}: ${clipped(error.field === 'sql' ? message : escapeHidden(message))}${again}` }
}

function clipped(message: string): string {
  if (message.length > MOST_TEXT) return `${message.slice(0, MOST_TEXT)}…`
  return /[.?!…]$/.test(message) ? message : `${message}.`
}
