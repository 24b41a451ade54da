import { z } from 'zod'
import type { SettingProblem } from './settings.ts'

const MECHANISMS = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const

/** SASL settings of a broker; `env` is the prefix of the environment variables. */
export const saslSettings = (env: string) =>
  z.strictObject({
    mechanism: z
      .enum(MECHANISMS)
      .optional()
      .describe('how to sign in; unset means not at all')
      .meta({ env: `${env}_SASL_MECHANISM` }),
    username: z
      .string()
      .optional()
      .describe('the user to sign in as')
      .meta({ env: `${env}_SASL_USERNAME` }),
    password: z
      .string()
      .optional()
      .describe('the password to sign in with')
      .meta({ env: `${env}_SASL_PASSWORD`, secret: true }),
  })

export type SaslSettings = z.output<ReturnType<typeof saslSettings>>

/** Missing settings; for the checks of a schema that has these settings at `sasl`. */
export function saslProblems(settings: SaslSettings): readonly SettingProblem[] {
  const { mechanism } = settings
  if (!mechanism)
    return settings.password
      ? [
          {
            path: ['sasl', 'mechanism'],
            message: `a password is given: say ${MECHANISMS.slice(0, -1).join(', ')} or ${MECHANISMS.at(-1)}`,
          },
        ]
      : []
  return (['username', 'password'] as const)
    .filter((name) => !settings[name])
    .map((name) => ({ path: ['sasl', name], message: `needed to sign in by ${mechanism}` }))
}
