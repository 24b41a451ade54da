import type { DBOS as Dbos } from '@dbos-inc/dbos-sdk'
import { type Logger, QiError } from '../../types/index.ts'
import type { Lane, LaneResult } from '../workflow/journal.ts'

export type DbosLibrary = typeof Dbos

/** The object that runs the workflows of this process. */
export interface Carrier {
  run(workflow: string, input: unknown): Promise<unknown>
  lane(workflow: string, run: string, lane: Lane): Promise<LaneResult>
}

export interface Functions {
  readonly dbos: DbosLibrary
  readonly run: (workflow: string, input: unknown) => Promise<unknown>
  readonly lane: (workflow: string, run: string, lane: Lane) => Promise<LaneResult>
}

export const RUN = 'run'
export const LANE = 'lane'

let functions: Promise<Functions> | undefined
let carrier: Carrier | undefined

/** Claims DBOS, of which a process has one. @returns a function that releases it. @throws QiError CONFLICT if it is taken */
export function take(taker: Carrier): () => void {
  if (carrier) throw new QiError('CONFLICT', 'this process has a durable runner already: use that, or close it first')
  carrier = taker
  return () => {
    carrier = undefined
  }
}

/** Loads DBOS on first use. Two registered functions interpret all workflows, so that none must be registered before the launch. */
export function library(): Promise<Functions> {
  functions ??= import('@dbos-inc/dbos-sdk').then(({ DBOS }) => ({
    dbos: DBOS,
    run: DBOS.registerWorkflow(async (workflow: string, input: unknown) => taken().run(workflow, input), CONFIG(RUN)),
    lane: DBOS.registerWorkflow(
      async (workflow: string, run: string, lane: Lane) => taken().lane(workflow, run, lane),
      CONFIG(LANE),
    ),
  }))
  return functions
}

/** Practically no limit: a run is recovered however often its process was killed. */
const CONFIG = (name: string) => ({ name, className: 'qicore', maxRecoveryAttempts: 1_000_000 })

function taken(): Carrier {
  if (!carrier) throw new QiError('CLOSED', 'the durable runner is closed')
  return carrier
}

export function loggerFor(logger: Logger) {
  const part = logger.child({ part: 'workflows' })
  const text = (entry: unknown) => String(entry)
  return {
    debug: (entry: unknown) => part.debug({}, text(entry)),
    // Its messages of each start and stop are noise in our log.
    info: (entry: unknown) => part.debug({}, text(entry)),
    warn: (entry: unknown) => part.warn({}, text(entry)),
    error: (entry: unknown, metadata?: { readonly error?: unknown }) => part.error({ error: metadata?.error }, text(entry)),
  }
}
