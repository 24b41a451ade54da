import { z } from 'zod'
import { tlsProblems, tlsSettings } from '../../../base/networking/index.ts'
import { QiError } from '../../../base/types/index.ts'

/** Compatibility levels of a subject: the rule for the next version of its schema. */
const LEVELS = ['NONE', 'BACKWARD', 'BACKWARD_TRANSITIVE', 'FORWARD', 'FORWARD_TRANSITIVE', 'FULL', 'FULL_TRANSITIVE'] as const

/** Settings of a Confluent-compatible schema registry, under `schema_registry` in qicore.yaml. */
export const SchemaRegistryConfig = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('a Confluent-compatible schema registry, for topics on Redpanda; unset means plain JSON without schema ids')
      .meta({ env: 'SCHEMA_REGISTRY_URL', secret: true }),
    username: z.string().optional().describe('the user to sign in as').meta({ env: 'SCHEMA_REGISTRY_USERNAME' }),
    password: z
      .string()
      .optional()
      .describe('the password to sign in with')
      .meta({ env: 'SCHEMA_REGISTRY_PASSWORD', secret: true }),
    compatibility: z
      .enum(LEVELS)
      .optional()
      .describe('the compatibility set for our subjects; unset keeps that of a subject, or sets BACKWARD if it has none')
      .meta({ env: 'SCHEMA_REGISTRY_COMPATIBILITY' }),
    timeout_ms: z.int().min(100).max(600_000).default(5_000).describe('how long one answer may take'),
    tls: tlsSettings('SCHEMA_REGISTRY', 'the registry').prefault({}),
  })
  .superRefine(({ username, password, tls }, context) => {
    for (const { path, message } of tlsProblems(tls)) context.addIssue({ code: 'custom', path, message })
    if (password !== undefined && !username)
      context.addIssue({ code: 'custom', path: ['username'], message: 'needed with schema_registry.password' })
  })

export type SchemaRegistryConfig = z.output<typeof SchemaRegistryConfig>

export interface RegistryAddress {
  /** Without user, password and trailing slash, so that it can be shown. */
  readonly place: string
  readonly headers: Readonly<Record<string, string>>
  /** Texts that errors must not show. */
  readonly secrets: readonly string[]
}

/**
 * The registry's address and sign-in header. Settings win over user and password in the URL.
 * @throws QiError CONFIG_INVALID, which shows nothing of the URL
 */
export function registryAddress(url: string, settings: Pick<SchemaRegistryConfig, 'username' | 'password'>): RegistryAddress {
  const { url: place, username, password = '' } = registrySignIn(url, settings)
  if (username === undefined) return { place, headers: {}, secrets: [] }
  const signed = Buffer.from(`${username}:${password}`).toString('base64')
  return { place, headers: { authorization: `Basic ${signed}` }, secrets: [password, signed] }
}

/**
 * Splits the registry's URL into address, user and password. Settings win over user and password in the URL.
 * @throws QiError CONFIG_INVALID, which shows nothing of the URL
 */
export function registrySignIn(
  url: string,
  { username, password }: Pick<SchemaRegistryConfig, 'username' | 'password'>,
): { readonly url: string; readonly username?: string; readonly password?: string } {
  const at = new URL(url)
  const user = username ?? decoded(at.username)
  const secret = password ?? decoded(at.password)
  at.username = ''
  at.password = ''
  const place = at.href.replace(/\/+$/, '')
  return user === '' ? { url: place } : { url: place, username: user, password: secret }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    throw new QiError('CONFIG_INVALID', 'schema_registry.url: user and password must be percent-encoded, such as %25 for a %', {
      cause: error,
      field: 'schema_registry.url',
    })
  }
}
