import { setTimeout } from 'node:timers/promises'
import { z } from 'zod'
import type { ServedPlatform } from '../../../../app/server/index.ts'
import { defineTool, type ToolDefinition, type ToolHandles } from '../../../../lib/src/base/agent/index.ts'
import { QiError, silentLogger, TopicCatalogue } from '../../../../lib/src/base/types/index.ts'
import { type Engines, platformOf } from '../served.ts'

/** Calls of the test's tools. */
export const did: string[] = []

const output = z.object({ thing: z.string() })
const text = ({ thing }: z.output<typeof output>): string => thing
const common = { title: 'A tool of the test', summary: 'Does something.', set: 'TestTools', output, text }

const look = defineTool({
  ...common,
  name: 'look',
  effect: 'read',
  input: z.object({ thing: z.string().max(100) }),
  run: async ({ thing }) => ({ thing }),
})

const note = defineTool({
  ...common,
  name: 'note',
  effect: 'write',
  reads: ['list'],
  input: z.object({
    action: z.enum(['list', 'add']).default('list'),
    thing: z.string().max(100).default(''),
    count: z.number().optional(),
    api_key: z.string().optional(),
  }),
  async run({ action, thing }) {
    if (thing === 'impossible')
      throw new QiError('CONFLICT', `thing "${thing}" cannot be noted: choose another`, { field: 'thing' })
    if (action === 'add') did.push(thing)
    return { thing }
  },
})

const burn = defineTool({
  ...common,
  name: 'burn',
  effect: 'destroy',
  destructive: { actions: ['burn'], summary: 'burn destroys the thing.' },
  reads: ['list'],
  input: z.object({ action: z.enum(['list', 'light', 'burn']).default('list'), thing: z.string().default('') }),
  question: ({ action, thing }) => (action === 'burn' ? `Burn ${thing}? It cannot be brought back.` : undefined),
  async run({ action, thing }) {
    if (action !== 'list') did.push(`${action} ${thing}`)
    return { thing }
  },
})

/** Steps of a slow call; the test starts each one. */
export const slowSteps = { go: Promise.withResolvers<void>(), begun: 0 }

const slow = defineTool({
  ...common,
  name: 'slow',
  effect: 'write',
  input: z.object({ thing: z.string(), letters: z.int().optional() }),
  async run({ thing, letters = 0 }, { signal, progress }) {
    slowSteps.begun++
    progress(1, 3, 'the first step')
    const cut = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)))
    cut.catch(() => {})
    await Promise.race([slowSteps.go.promise, cut])
    progress(2, 3, 'the second step')
    await Promise.race([setTimeout(300), cut])
    did.push(thing)
    return { thing: thing + 'x'.repeat(letters) }
  },
})

const long = defineTool({ ...slow, name: 'long', long: true })

export const trialTools: readonly ToolDefinition[] = [look, note, burn, slow, long] as unknown as readonly ToolDefinition[]

/** A platform whose tools have the store alone. */
export const withTools = (engines: Pick<Engines, 'store' | 'stream'>): ServedPlatform =>
  Object.assign(platformOf(engines), {
    toolHandles: {
      store: engines.store,
      stream: engines.stream,
      catalogue: new TopicCatalogue(),
      logger: silentLogger,
    } as unknown as ToolHandles,
  })
