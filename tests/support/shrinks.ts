/**
 * For properties whose every run costs a database: a failure is told, shrunk as far as it came, before the test's own time is over.
 */
export const SHRINKS = { interruptAfterTimeLimit: 240_000, markInterruptAsFailure: true } as const
