import { z } from 'zod'

/** TLS settings of any peer; `env` is the prefix of the environment variables, such as `REDPANDA`; undefined: none. */
export const tlsSettings = (env: string | undefined, peer: string) => {
  const variable = (rest: string) => (env === undefined ? {} : { env: `${env}_TLS${rest}` })
  return z.strictObject({
    enabled: z.boolean().optional().describe('encrypt; on where a certificate is named').meta(variable('')),
    ca: z
      .string()
      .min(1)
      .optional()
      .describe(`PEM file of the authority that signed the certificate of ${peer}; default: those the system trusts`)
      .meta(variable('_CA')),
    cert: z
      .string()
      .min(1)
      .optional()
      .describe(`PEM file of our certificate, where ${peer} asks for one`)
      .meta(variable('_CERT')),
    key: z.string().min(1).optional().describe('PEM file of the key of our certificate').meta(variable('_KEY')),
    server_name: z
      .string()
      .min(1)
      .optional()
      .describe(`the name that the certificate of ${peer} must hold; default: the one it is reached by`)
      .meta(variable('_SERVER_NAME')),
    reject_unauthorized: z.boolean().default(true).describe('refuse certificates that the authority did not sign'),
  })
}

export type TlsSettings = z.output<ReturnType<typeof tlsSettings>>

/** True if any setting turns TLS on. */
export const tlsWanted = ({ enabled, ca, cert, server_name }: TlsSettings): boolean =>
  enabled ?? Boolean(ca ?? cert ?? server_name)

export interface SettingProblem {
  readonly path: string[]
  readonly message: string
}

/** Contradictions; for the checks of a schema that has these settings at `tls`. */
export function tlsProblems(settings: Pick<TlsSettings, 'cert' | 'key'>): readonly SettingProblem[] {
  if (!settings.cert === !settings.key) return []
  return [{ path: ['tls', settings.cert ? 'key' : 'cert'], message: 'tls.cert and tls.key belong together' }]
}
