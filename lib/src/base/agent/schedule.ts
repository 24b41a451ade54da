import { Cron } from 'croner'
import { type Logger, QiError, toQiError } from '../types/index.ts'

/** A recurring task. Times that pass while no process runs are skipped. */
export interface Schedule {
  /** Minute, hour, day, month, weekday in UTC, with optional leading seconds: `0 * * * *` is every full hour. */
  readonly cron: string
  /** Of the agent, by name. */
  readonly workflow: string
  /** Default `{}`. */
  readonly input?: unknown
}

/** Calls back when a schedule is due; skips a time at which the previous call of the same schedule still runs. */
export class Schedules {
  readonly #jobs: readonly { readonly schedule: Schedule; readonly job: Cron }[]

  /** @throws QiError CONFIG_INVALID naming the expression */
  constructor(schedules: readonly Schedule[], due: (schedule: Schedule, at: Date) => Promise<void>, logger: Logger) {
    this.#jobs = schedules.map((schedule) => {
      const failed = (error: unknown) => logger.warn({ workflow: schedule.workflow, err: toQiError(error) }, 'a schedule failed')
      const options = { timezone: 'UTC', protect: true, unref: true, catch: failed }
      const job = parsed(
        schedule.cron,
        () => new Cron(schedule.cron, options, (self: Cron) => due(schedule, self.currentRun() ?? new Date())),
      )
      return { schedule, job }
    })
  }

  next(): readonly { readonly cron: string; readonly workflow: string; readonly next?: number }[] {
    return this.#jobs.map(({ schedule: { cron, workflow }, job }) => {
      const next = job.nextRun()?.getTime()
      return { cron, workflow, ...(next !== undefined && { next }) }
    })
  }

  stop(): void {
    for (const { job } of this.#jobs) job.stop()
  }
}

function parsed<T>(cron: string, make: () => T): T {
  try {
    return make()
  } catch (error) {
    throw new QiError(
      'CONFIG_INVALID',
      `schedule "${cron}" is not understood: ${toQiError(error).message}; write minute, hour, day, month and weekday, such as "0 * * * *"`,
      { cause: error },
    )
  }
}
