import { z } from 'zod'
import { QiError, suggest, type ToolContext, type ToolDefinition, toQiError } from '../../base/index.ts'
import { describeIssue } from './issues.ts'

/** How a caller is asked whether something may be destroyed. */
export type Confirm = (question: string) => Promise<boolean>

export interface ToolAnswer {
  readonly structured: Readonly<Record<string, unknown>>
  readonly text: string
}

/** The argument that a tool which destroys takes besides its own. */
export const CONFIRM = 'confirm'

/** What a tool takes, with `confirm` where it destroys. */
export const inputOf = ({ effect, input }: ToolDefinition): z.ZodObject =>
  (effect === 'destroy'
    ? input.extend({ [CONFIRM]: z.boolean().optional().describe('true once the user has agreed to what is destroyed') })
    : input
  ).strict()

/**
 * One call: the arguments are checked, whoever asks confirms what is destroyed, the tool runs.
 * @throws QiError BAD_REQUEST naming the argument, its value and the remedy; CONFLICT where nobody confirmed; what the tool throws
 */
export async function callTool(
  tool: ToolDefinition,
  given: unknown,
  context: ToolContext,
  confirm?: Confirm,
): Promise<ToolAnswer> {
  const { [CONFIRM]: confirmed, ...input } = parseArguments(tool, given ?? {})
  if (tool.effect === 'destroy' && confirmed !== true) await askFirst(tool, input, confirm)
  context.signal.throwIfAborted()
  const structured = await tool.run(input, context)
  return { structured, text: tool.text(structured) }
}

async function askFirst(tool: ToolDefinition, input: Record<string, unknown>, confirm: Confirm | undefined): Promise<void> {
  const question = tool.question ? tool.question(input) : `${tool.title}: go on?`
  if (question === undefined) return
  if (!confirm)
    throw new QiError(
      'CONFLICT',
      `${tool.name} destroys something: ask the user "${question}", and call it again with ${CONFIRM}: true if they agree`,
      { field: CONFIRM },
    )
  if (!(await confirm(question)))
    throw new QiError('CANCELLED', `the user did not agree to "${question}"; nothing was done`, { field: CONFIRM })
}

function parseArguments(tool: ToolDefinition, given: unknown): Record<string, unknown> {
  const result = inputOf(tool).safeParse(given)
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
  // A defect may tell of the inside: its message is for the log.
  const message = error.code === 'INTERNAL' ? 'a defect in QiCore; the log says more' : error.message
  return { error, text: `${error.code}: ${clipped(message)}${again}` }
}

function clipped(message: string): string {
  if (message.length > MOST_TEXT) return `${message.slice(0, MOST_TEXT)}…`
  return /[.?!…]$/.test(message) ? message : `${message}.`
}
