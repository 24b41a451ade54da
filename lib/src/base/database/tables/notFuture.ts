import { CLOCK_SLACK } from '../../types/index.ts'

/**
 * SQL condition: a time is at most as far ahead as a record may be. Writers refuse later records; reads use it to skip later rows of other
 * programs, infinity included.
 */
export const notFuture = (time: string): string => `${time} <= now() + interval '${CLOCK_SLACK / 1e6} seconds'`
