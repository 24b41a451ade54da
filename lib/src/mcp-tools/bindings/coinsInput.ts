import { z } from 'zod'
import { idCheck } from '../../base/types/index.ts'

const coins = z.array(z.string().trim().min(1).max(200).check(idCheck)).min(1, 'name one or more').max(100)

/** Coins as an input of a workflow: `bitcoin,ethereum` from a command line, or a list. */
export const coinsInput = (description: string) =>
  z
    .union([z.string().transform((text) => text.split(',')), z.array(z.string())])
    .pipe(coins)
    .optional()
    .describe(description)
