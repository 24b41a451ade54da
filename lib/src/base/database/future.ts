import { CLOCK_SLACK } from '../types/index.ts'

/**
 * SQL: whether a time lies no further ahead than a record may. Writers refuse what does; a row that another program wrote is no row of
 * now. Infinity is beyond it, too.
 */
export const notFuture = (time: string): string => `${time} <= now() + interval '${CLOCK_SLACK / 1e6} seconds'`
