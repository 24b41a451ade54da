import { z } from 'zod'

/** What is said of TLS to any peer; `env` begins the names of the environment variables, such as `REDPANDA`. */
export const tlsSettings = (env: string, peer: string) =>
  z.strictObject({
    enabled: z
      .boolean()
      .optional()
      .describe('encrypt; on where a certificate is named')
      .meta({ env: `${env}_TLS` }),
    ca: z
      .string()
      .min(1)
      .optional()
      .describe(`PEM file of the authority that signed the certificate of ${peer}; default: those the system trusts`)
      .meta({ env: `${env}_TLS_CA` }),
    cert: z
      .string()
      .min(1)
      .optional()
      .describe(`PEM file of our certificate, where ${peer} asks for one`)
      .meta({ env: `${env}_TLS_CERT` }),
    key: z
      .string()
      .min(1)
      .optional()
      .describe('PEM file of the key of our certificate')
      .meta({ env: `${env}_TLS_KEY` }),
    server_name: z
      .string()
      .min(1)
      .optional()
      .describe(`the name that the certificate of ${peer} must hold; default: the one it is reached by`)
      .meta({ env: `${env}_TLS_SERVER_NAME` }),
    reject_unauthorized: z.boolean().default(true).describe('refuse certificates that the authority did not sign'),
  })

export type TlsSettings = z.output<ReturnType<typeof tlsSettings>>

/** Whether anything asks for TLS. */
export const tlsWanted = ({ enabled, ca, cert, server_name }: TlsSettings): boolean =>
  enabled ?? Boolean(ca ?? cert ?? server_name)

export interface SettingProblem {
  readonly path: string[]
  readonly message: string
}

/** What contradicts itself; for the checks of a schema that holds these settings at `tls`. */
export function tlsProblems(settings: Pick<TlsSettings, 'cert' | 'key'>): readonly SettingProblem[] {
  if (!settings.cert === !settings.key) return []
  return [{ path: ['tls', settings.cert ? 'key' : 'cert'], message: 'tls.cert and tls.key belong together' }]
}
