import { z } from 'zod'
import { defineSink, QiError, type RowSink } from '../lib/src/base/types/index.ts'

export const FAULTS = ['down', 'refuses', 'unopened', 'hangs'] as const
export type Fault = (typeof FAULTS)[number]

const never = () => new Promise<never>(() => {})

const FAILURES: Readonly<Record<Exclude<Fault, 'unopened'>, () => Promise<never>>> = {
  down: () => Promise.reject(new QiError('UNAVAILABLE', 'nobody answers')),
  refuses: () => Promise.reject(new QiError('UNAUTHORIZED', 'the key is wrong')),
  hangs: never,
}

/** A row sink that is in trouble from its start. One that hangs ignores its signal. */
export const trouble = defineSink({
  name: 'trouble',
  summary: 'Takes no record',
  config: z.object({ fault: z.enum(FAULTS).describe('what is wrong with it') }),
  open: async ({ fault }, { name }): Promise<RowSink> => {
    if (fault === 'unopened') throw new QiError('UNAVAILABLE', 'it cannot be opened')
    const fail = FAILURES[fault]
    return {
      name,
      guarantee: 'at_least_once',
      accepts: () => true,
      write: fail,
      check: fault === 'hangs' ? never : async () => ({ ok: false, summary: 'in trouble' }),
      close: fault === 'hangs' ? never : async () => {},
      [Symbol.asyncDispose]: async () => {},
    }
  },
})
