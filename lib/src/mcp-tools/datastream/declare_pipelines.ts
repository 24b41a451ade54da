import { z } from 'zod'
import { defineTool, type ToolContext } from '../../base/agent/index.ts'
import { type PipelineDeployed, type PipelineInfo, type PipelineProblem, QiError } from '../../base/types/index.ts'
import { cell, saying } from '../shared/text.ts'

const ACTIONS = [
  'list',
  'show',
  'check',
  'history',
  'drafts',
  'read_draft',
  'save_draft',
  'discard_draft',
  'stop',
  'resume',
  'deploy',
  'rollback',
  'delete',
] as const

const MOST_TEXT = 262_144
/** The author of changes by agents in this process. */
const AGENT = 'agent'

const input = z.object({
  action: z.enum(ACTIONS).default('list').describe('what to do'),
  name: z.string().min(1).max(63).optional().describe('the pipeline; of all but list and drafts'),
  text: z.string().max(MOST_TEXT).optional().describe('of check, save_draft and deploy: the declaration, one YAML document'),
  draft: z.boolean().optional().describe('of check and deploy: take the saved draft in place of text'),
  replaces: z
    .int()
    .min(0)
    .optional()
    .describe('of deploy and rollback: the version that runs now (0: none); of save_draft: the revision that is replaced'),
  version: z.int().min(1).optional().describe('of rollback, and of show: another version than the one that runs'),
  destination: z.string().min(1).max(210).optional().describe('of resume: only what is parked into this destination'),
  limit: z.int().min(1).max(200).default(20).describe('most entries'),
})
type Input = z.output<typeof input>

const pipeline = z.object({
  pipeline: z.string(),
  kind: z.enum(['deployed', 'built-in', 'implicit']),
  state: z.string(),
  version: z.number().optional(),
  reads: z.array(z.string()).describe('topics'),
  to: z.array(z.string()).describe('destinations; topic.NAME is a topic'),
  declared_in: z.string(),
  deployed_at: z.string().optional(),
  deployed_by: z.string().optional(),
  problems: z.array(z.string()).optional(),
})

const output = z.object({
  done: z.string().optional(),
  pipelines: z.array(pipeline),
  more: z.number().optional().describe('pipelines or drafts that are not shown'),
  text: z.string().optional(),
  replaces: z.number().optional().describe('what deploy or save_draft of this text would have to pass'),
  problems: z.array(z.string()).optional().describe('place, field, value, problem and remedy of each'),
  events: z
    .array(
      z.object({
        at: z.string(),
        event: z.string(),
        version: z.number().optional(),
        output: z.string().optional(),
        by: z.string(),
      }),
    )
    .optional()
    .describe('newest first'),
  drafts: z.array(z.object({ name: z.string(), revision: z.number(), saved_at: z.string(), saved_by: z.string() })).optional(),
})
type Output = z.input<typeof output>

export const declarePipelines = defineTool({
  name: 'declare_pipelines',
  title: 'Declared pipelines',
  summary:
    'Pipelines as they are declared: each brings records or topics (from) to destinations or a topic of its own (to). Lists them, shows the YAML of a version, checks a text (every problem with line, column and remedy), keeps drafts, stops and resumes. manage_pipelines shows how they run.',
  set: 'PipelineTools',
  effect: 'destroy',
  pages: { by: 'limit' },
  reads: ['list', 'show', 'check', 'history', 'drafts', 'read_draft'],
  destructive: {
    actions: ['deploy', 'rollback', 'delete'],
    summary:
      'deploy makes a text the version that runs in every process, rollback an earlier version; delete takes a pipeline with its versions and consumer groups. Each is asked about first, and deploy and rollback name the version that they replace.',
  },
  input,
  output,
  question: ({ action, name = '', replaces, version }) => {
    if (action === 'deploy')
      return `Deploy pipeline ${name}${replaces ? `, in place of version ${replaces}` : ''}? It runs in every process of the platform from then on.`
    if (action === 'rollback')
      return `Run version ${version ?? ''} of pipeline ${name} again, in place of version ${replaces ?? ''}?`
    if (action === 'delete') return `Delete pipeline ${name} with all its versions?`
    return undefined
  },
  async run(given, context) {
    const { action, limit } = given
    if (action === 'list') return list(limit, context)
    if (action === 'drafts') return drafts(limit, context)
    return RUNS[action]({ ...given, name: required(given.name, 'name', action) }, context)
  },
  facts: ({ more = 0, events = [] }, { limit }) => ({
    missing: [more > 0 && `${more} more: raise limit`, events.length >= limit && 'there may be older events: raise limit'],
  }),
  text: ({ done, pipelines, more, text, problems, events, drafts: saved }) =>
    [
      ...(done ? [done] : []),
      ...pipelines.map(
        ({ pipeline: name, kind, state, version, reads, to, problems: wrong }) =>
          `${cell(name)} (${kind}): ${state}${version === undefined ? '' : `, version ${version}`}, ${reads.map(cell).join(', ')} → ${to.map(cell).join(', ')}${wrong ? `; ${saying(wrong.join('; '))}` : ''}`,
      ),
      ...(more ? [`${more} more`] : []),
      ...(problems ?? []),
      ...(events ?? []).map(({ at, event, version, output: of, by }) =>
        [at, event, version, of, `by ${cell(by)}`].filter(Boolean).join(' '),
      ),
      ...(saved ?? []).map(
        ({ name, revision, saved_at: at, saved_by: by }) => `${cell(name)}: revision ${revision}, ${at}, by ${cell(by)}`,
      ),
      ...(text === undefined ? [] : [text]),
    ].join('\n'),
})

type Named = Input & { readonly name: string }
type Run = (given: Named, context: ToolContext) => Promise<Output>

const RUNS: Readonly<Record<Exclude<Input['action'], 'list' | 'drafts'>, Run>> = {
  async show({ name, version }, { pipelines }) {
    const { text, ...found } = await pipelines.show(name, version)
    return { pipelines: [lineOf(found)], ...(text !== undefined && { text }) }
  },
  async check(given, { pipelines }) {
    const text = await textOf(given, pipelines)
    const { problems, replaces, changes, name } = await pipelines.check({ text, name: given.name })
    const elsewhere = otherName(given.name, name)
    const done =
      problems.length > 0 || elsewhere ? 'it cannot be deployed' : changes ? 'it can be deployed' : 'this text runs already'
    return { done, pipelines: [], replaces, problems: [...(elsewhere ? [elsewhere] : []), ...problems.map(problemLine)] }
  },
  async history({ name, limit }, { pipelines }) {
    const events = await pipelines.history(name, limit)
    return { pipelines: [], events: events.map(({ at, ...event }) => ({ at: iso(at), ...event })) }
  },
  async read_draft({ name }, { pipelines }) {
    const { revision, text, savedAt, savedBy } = await pipelines.draft(name)
    return { pipelines: [], drafts: [{ name, revision, saved_at: iso(savedAt), saved_by: savedBy }], text, replaces: revision }
  },
  async save_draft({ name, text, replaces, action }, { pipelines, by = AGENT }) {
    const given = required(text, 'text', action)
    const { revision } = await pipelines.saveDraft(name, given, { replaces: required(replaces, 'replaces', action), by })
    return { done: `saved draft ${name}, revision ${revision}`, pipelines: [], replaces: revision }
  },
  async discard_draft({ name }, { pipelines }) {
    await pipelines.discardDraft(name)
    return { done: `discarded draft ${name}`, pipelines: [] }
  },
  async stop({ name }, { pipelines, by = AGENT }) {
    const stopped = await pipelines.stop(name, by)
    return { done: stopped ? `stopped ${name} in every process` : `${name} was stopped already`, pipelines: [] }
  },
  async resume({ name, destination }, { pipelines, by = AGENT }) {
    await pipelines.resume(name, destination, by)
    return { done: `resumed ${name}${destination ? ` to ${destination}` : ''} in every process`, pipelines: [] }
  },
  async deploy(given, { pipelines, by = AGENT }) {
    const { name, replaces, action } = given
    const text = await textOf(given, pipelines)
    const elsewhere = otherName(name, (await pipelines.check({ text, name })).name)
    if (elsewhere) throw new QiError('BAD_REQUEST', elsewhere, { field: 'name' })
    const deployed = await pipelines.deploy({ text, name }, { replaces: required(replaces, 'replaces', action), by })
    if (given.draft && deployed.changed) await pipelines.discardDraft(name)
    return { done: deployedLine(deployed), pipelines: [] }
  },
  async rollback({ name, version, replaces, action }, { pipelines, by = AGENT }) {
    const to = required(version, 'version', action)
    const deployed = await pipelines.rollback(name, to, { replaces: required(replaces, 'replaces', action), by })
    return { done: deployedLine(deployed), pipelines: [] }
  },
  async delete({ name }, { pipelines, by = AGENT }) {
    await pipelines.delete(name, by)
    return { done: `deleted ${name} with its versions`, pipelines: [] }
  },
}

async function list(limit: number, { pipelines }: ToolContext): Promise<Output> {
  const all = await pipelines.list()
  const more = all.length - limit
  return { pipelines: all.slice(0, limit).map(lineOf), ...(more > 0 && { more }) }
}

async function drafts(limit: number, { pipelines }: ToolContext): Promise<Output> {
  const all = await pipelines.drafts()
  const more = all.length - limit
  return {
    pipelines: [],
    drafts: all
      .slice(0, limit)
      .map(({ name, revision, savedAt, savedBy }) => ({ name, revision, saved_at: iso(savedAt), saved_by: savedBy })),
    ...(more > 0 && { more }),
  }
}

function required<T>(value: T | undefined, field: string, action: string): T {
  if (value !== undefined) return value
  throw new QiError(
    'BAD_REQUEST',
    `${field} is missing: ${action} needs it; action list shows the pipelines and their versions`,
    { field },
  )
}

async function textOf({ name, text, draft, action }: Named, pipelines: ToolContext['pipelines']): Promise<string> {
  if (draft && text !== undefined)
    throw new QiError('BAD_REQUEST', 'draft: the text is given as well; pass one of them', { field: 'draft' })
  return draft ? (await pipelines.draft(name)).text : required(text, 'text', action)
}

/** The name of the call is what the user agrees to. */
const otherName = (called: string, written: string | undefined): string | undefined =>
  written === undefined || written === called
    ? undefined
    : `name "${called}": the text declares pipeline ${written}; pass that name, or change the text`

const deployedLine = ({ name, version, changed, state }: PipelineDeployed): string =>
  changed
    ? `version ${version} of ${name} is deployed${state === 'stopped' ? '; it is stopped: resume it' : ''}`
    : `version ${version} of ${name} has this text already; nothing was done`

const problemLine = ({ line, column, field, value, problem, remedy }: PipelineProblem): string =>
  `${line}:${column}: ${[field, value].filter(Boolean).join(' ')}${field || value ? ': ' : ''}${problem}; ${remedy}`

const iso = (at: number): string => new Date(at).toISOString()

const lineOf = ({ name, kind, state, version, reads, outputs, place, deployedAt, deployedBy, problems }: PipelineInfo) => ({
  pipeline: name,
  kind,
  state,
  ...(version !== undefined && { version }),
  reads: [...reads],
  to: outputs.map((one) => one.name),
  declared_in: place,
  ...(deployedAt !== undefined && { deployed_at: iso(deployedAt) }),
  ...(deployedBy !== undefined && { deployed_by: deployedBy }),
  ...(problems.length > 0 && { problems: problems.slice(0, 5) }),
})
