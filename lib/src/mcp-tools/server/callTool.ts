import { z } from 'zod'
import type { ToolContext, ToolDefinition, ToolEffect } from '../../base/agent/index.ts'
import type { Pool } from '../../base/database/index.ts'
import { escapeHidden, QiError, suggest, toQiError } from '../../base/types/index.ts'
import { AuditLog } from '../access/AuditLog.ts'
import { type Caller, effectOf, mildestEffect, requireRole, roleFor } from '../access/roles.ts'
import { answerOf, type ToolAnswer } from '../answer/answerOf.ts'
import { provenance } from '../answer/provenance.ts'
import { Consents } from './Consents.ts'
import { describeIssue } from './issues.ts'

/** The caller, and the way to the user's consent to a destructive call. */
export interface Consenting {
  readonly by: Caller
  /** Identifies the caller, so that nobody else can use its token. */
  readonly caller: string
  /** The user has agreed already, as by `--yes`. */
  readonly agreed?: boolean
  /**
   * Asks the user, if the client can, whatever the arguments say. `token` identifies the question: a client that answers in a second request
   * returns it there.
   */
  readonly ask?:
    | ((question: string, token: () => Promise<string>, redeem: (token: string) => Promise<boolean>) => Promise<boolean>)
    | undefined
}

/** For agents in this process: their workflows ask the user, and their runs record what they did. No role limits them. */
export const AGREED = 'agreed'

/** The user must agree first: repeating the call with the token does it. */
export class ConsentNeeded extends QiError {
  readonly question: string
  readonly token: string

  constructor(tool: string, why: string, question: string, token: string) {
    super(
      'CONFLICT',
      `${tool}: ${why}; nothing was done. Ask the user "${question}". If they agree, make the same call with ${CONFIRM}: "${token}" (good for one call, for five minutes)`,
      { field: CONFIRM },
    )
    this.question = question
    this.token = token
  }
}

/** The extra argument of a destructive tool: the token of a refusal. */
export const CONFIRM = 'confirm'
const TOKEN = z
  .string()
  .max(100)
  .optional()
  .describe('only where a refusal gave a token for this very call and the user has agreed since: that token')

// zod compiles a schema at its first use, so each is made once.
const inputs = new WeakMap<ToolDefinition, z.ZodObject>()

/** The arguments of a tool, with `confirm` where it destroys. */
export function inputOf(tool: ToolDefinition): z.ZodObject {
  const known = inputs.get(tool)
  if (known) return known
  const made = (tool.effect === 'destroy' ? tool.input.extend({ [CONFIRM]: TOKEN }) : tool.input).strict()
  inputs.set(tool, made)
  return made
}

const outputs = new WeakMap<ToolDefinition, z.ZodObject>()

/** The output schema of a tool; reads have `provenance` besides. */
export function outputOf(tool: ToolDefinition): z.ZodObject {
  const known = outputs.get(tool)
  if (known) return known
  const made = tool.facts
    ? tool.output.extend({ provenance: tool.effect === 'read' ? provenance : provenance.optional() })
    : tool.output
  outputs.set(tool, made)
  return made
}

/** A call that its caller may make, with arguments that the tool takes. */
export interface AdmittedCall {
  readonly tool: ToolDefinition
  readonly input: Record<string, unknown>
  readonly effect: ToolEffect
  /** Value of `confirm`. */
  readonly token: string | undefined
}

/**
 * One call: checks the caller's role and the arguments, gets the user's consent to a destructive call, runs the tool. Every write, refused
 * ones included, is in the audit log.
 * @throws QiError FORBIDDEN naming the role that is needed; BAD_REQUEST naming the argument, its value and the remedy; ConsentNeeded
 * (CONFLICT) with a token where the user cannot be asked; CANCELLED if the user did not agree; the errors of the tool
 */
export async function callTool(
  tool: ToolDefinition,
  given: unknown,
  context: ToolContext,
  consenting: Consenting | typeof AGREED,
): Promise<ToolAnswer> {
  const call = await admitCall(tool, given, context, consenting)
  await askConsent(call, context, consenting)
  return runTool(call, context, consenting)
}

/** Checks the role of the caller and the arguments. @throws QiError FORBIDDEN, BAD_REQUEST */
export async function admitCall(
  tool: ToolDefinition,
  given: unknown,
  { store, logger }: Pick<ToolContext, 'store' | 'logger'>,
  consenting: Consenting | typeof AGREED,
): Promise<AdmittedCall> {
  if (consenting === AGREED) {
    const { [CONFIRM]: _, ...input } = parseArguments(tool, given ?? {})
    return { tool, input, effect: tool.effect, token: undefined }
  }
  const { by } = consenting
  const raw = typeof given === 'object' && given !== null && !Array.isArray(given) ? (given as Record<string, unknown>) : {}
  let effect = mildestEffect(tool)
  try {
    requireRole(by, roleFor(effect), tool.name)
    const { [CONFIRM]: token, ...input } = parseArguments(tool, given ?? {})
    effect = effectOf(tool, input)
    requireRole(by, roleFor(effect), effect === tool.effect ? tool.name : `this call of ${tool.name}`)
    return { tool, input, effect, token: token as string | undefined }
  } catch (failure) {
    const reads = tool.effect === 'read' || tool.reads?.includes(String(raw.action))
    const refusal = toQiError(failure)
    if (refusal.code === 'FORBIDDEN' || !reads)
      await AuditLog.open(store.pool)
        .then((log) => log.add({ by, tool: tool.name, effect, input: raw }, 'refused', refusal))
        .catch((error: unknown) =>
          logger.warn({ tool: tool.name, caller: by.name, err: error }, 'a refused call could not be noted'),
        )
    throw failure
  }
}

/** Returns once the user agrees to what the call destroys, if anything. @throws QiError CONFLICT, CANCELLED */
export async function askConsent(
  call: AdmittedCall,
  { store }: Pick<ToolContext, 'store'>,
  consenting: Consenting | typeof AGREED,
): Promise<void> {
  if (call.effect !== 'destroy' || consenting === AGREED || consenting.agreed) return
  const { tool, input, effect } = call
  try {
    await getConsent(call, store.pool, consenting)
  } catch (failure) {
    const asked = !(failure instanceof QiError) || failure instanceof ConsentNeeded
    const log = await AuditLog.open(store.pool)
    const entry = { by: consenting.by, tool: tool.name, effect, input }
    // A question carries a token, which must not be logged.
    await (asked ? log.add(entry, 'asked') : log.add(entry, 'refused', failure))
    throw failure
  }
}

/** @param job the id of the job that the call is by now, for the audit log */
export async function runTool(
  { tool, input, effect }: AdmittedCall,
  context: ToolContext,
  consenting: Consenting | typeof AGREED,
  job: () => string | undefined = () => undefined,
): Promise<ToolAnswer> {
  context.signal.throwIfAborted()
  if (consenting === AGREED || effect === 'read') return answerOf(tool, input, context, effectOf(tool, input))
  const log = await AuditLog.open(context.store.pool)
  const line = await log.add({ by: consenting.by, tool: tool.name, effect, input, job: job() }, 'started')
  const noted = (error?: QiError) =>
    log.finish(line, job(), error).catch((failure: unknown) => {
      context.logger.warn({ tool: tool.name, line, err: failure }, 'the end of a call could not be noted in the audit log')
    })
  try {
    // It may have been cancelled while the line was written.
    context.signal.throwIfAborted()
    const answer = await answerOf(tool, input, { ...context, by: consenting.by.name }, effect)
    await noted()
    return answer
  } catch (failure) {
    await noted(toQiError(failure))
    throw failure
  }
}

async function getConsent({ tool, input, token }: AdmittedCall, pool: Pool, { caller, ask }: Consenting): Promise<void> {
  const question = escapeHidden(tool.question?.(input) ?? `${tool.title}: go on?`)
  const consents = await Consents.open(pool)
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
  throw new ConsentNeeded(tool.name, why, question, await consents.issue(call))
}

function parseArguments(tool: ToolDefinition, given: unknown): Record<string, unknown> {
  const result = inputOf(tool).safeParse(withoutBareConsent(tool, given))
  if (result.success) return result.data
  const known = Object.keys(inputOf(tool).shape)
  const parts = result.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => `${escapeHidden(short(key)) || '""'}: unknown argument${suggest(key, known)}`).join('; ')
      : describeIssue(issue, given),
  )
  const [first] = result.error.issues
  const field = first?.code === 'unrecognized_keys' ? first.keys[0] : first?.path.join('.')
  throw new QiError('BAD_REQUEST', `${tool.name}: ${parts.slice(0, 5).join('; ')}`, { field: short(field ?? '') || 'arguments' })
}

/** Drops `confirm: true`: it is the caller's word, not the user's. */
function withoutBareConsent({ effect }: ToolDefinition, given: unknown): unknown {
  if (effect !== 'destroy' || typeof given !== 'object' || given === null || Array.isArray(given)) return given
  const { [CONFIRM]: said, ...rest } = given as Record<string, unknown>
  return typeof said === 'boolean' ? rest : given
}

/** Most characters of an error for the caller, which may quote its arguments. */
const MOST_TEXT = 1500

const short = (text: string): string => text.slice(0, 60)

/** The text for the caller of a failed call: the fault, its reason, and whether a retry can help. */
export function explainFailure(failure: unknown): { readonly text: string; readonly error: QiError } {
  const error = toQiError(failure)
  const again = error.retryAfterMs
    ? ` Try again in ${Math.ceil(error.retryAfterMs / 1000)} s.`
    : error.retryable
      ? ' The same call can succeed later.'
      : ''
  // Only quoted SQL, which is the caller's own, keeps its lines: they show the faulty place.
  // The message of a defect may reveal internals: it is for the log.
  const message = error.code === 'INTERNAL' ? 'a defect in QiCore; the log says more' : error.message
  return { error, text: `${error.code}: ${clipped(error.field === 'sql' ? message : escapeHidden(message))}${again}` }
}

function clipped(message: string): string {
  if (message.length > MOST_TEXT) return `${message.slice(0, MOST_TEXT)}…`
  return /[.?!…]$/.test(message) ? message : `${message}.`
}
