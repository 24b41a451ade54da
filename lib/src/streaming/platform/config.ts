import { join, resolve } from 'node:path'
import { z } from 'zod'
import { llmSettings } from '../../base/agent/index.ts'
import { isLoopback, secureDatabaseUrl, tlsProblems, tlsSettings } from '../../base/networking/index.ts'
import {
  CONFIG_FILE,
  findProject,
  HOME_FOLDER,
  type Provenance,
  passwordProblem,
  passwordsIn,
  protectSecrets,
  QiError,
  readConfigFile,
  resolveConfig,
  type SourcesConfig,
} from '../../base/types/index.ts'
import { consumers, sinkDefinitions } from '../../consumers/index.ts'
import { ROLES } from '../../mcp-tools/access/roles.ts'
import { dockerSettings } from '../../mcp-tools/datastream/docker/index.ts'
import { embeddedStreamConfig } from '../embedded/index.ts'
import { STORE } from '../pipelines/index.ts'
import { RedpandaConfig, SchemaRegistryConfig } from '../redpanda/index.ts'
import { agentDefinitions } from './agents/definitions.ts'
import { secretsIn, withDestinations } from './deliveries/destinationProvenance.ts'
import { INSTANCE_NAME, settingsOfInstances, sourcesConfig, sourcesSchema, typesOfInstances } from './sources/sourceInstances.ts'
import { storeSettings } from './upkeep/settings.ts'

/** Checks a password before the address is parsed: the parser would take part of a wrongly written one for the host. */
function checkPassword(address: string, context: z.RefinementCtx<string>): void {
  const message = passwordProblem(address)
  if (message) context.addIssue({ code: 'custom', message, fatal: true })
}

const names = <T extends string>(known: readonly T[]) => z.array(z.enum(known as [T, ...T[]]))

const core = {
  home: z
    .string()
    .min(1)
    .optional()
    .describe('the data folder; default .qicore in the project')
    .meta({ env: 'QICORE_HOME', flag: 'home' }),
  server: z
    .object({
      host: z
        .string()
        .min(1)
        .default('127.0.0.1')
        .describe('the address to listen on')
        .meta({ env: 'QICORE_HOST', flag: 'host' }),
      port: z
        .int()
        .min(0)
        .max(65_535)
        .default(8787)
        .describe('the port of HTTP, WebSocket and MCP; 0 picks a free one')
        .meta({ env: 'QICORE_PORT', flag: 'port' }),
      origins: z
        .array(z.url())
        .default([])
        .describe('origins of other web pages that may call the API from a browser, such as https://charts.example'),
      max_connections: z.int().min(16).default(2_000).describe('most connections at once, HTTP and WebSocket together'),
      max_connections_per_address: z
        .int()
        .min(8)
        .default(200)
        .describe('most of them from one address (IPv6: one /64 network) off loopback; raise it behind a reverse proxy'),
      token: z
        .string()
        .min(16)
        .regex(/^[\x21-\x7e]+$/, 'holds a blank or a character that no HTTP client can send: use letters, digits and -._~+/=')
        .optional()
        .describe('the bearer token of an admin; required off loopback. qicore token makes others, with roles')
        .meta({ env: 'QICORE_TOKEN', secret: true }),
      loopback_role: z
        .enum([...ROLES, 'none'])
        .optional()
        .describe('role of callers without a token on loopback; default: admin, but none where server.token is set')
        .meta({ env: 'QICORE_LOOPBACK_ROLE' }),
    })
    .prefault({}),
  consumers: names(Object.keys(consumers)).default(['crypto-data']).describe('the consumers to run'),
  destinations: z
    .record(z.string().regex(INSTANCE_NAME, 'a name is lower-case letters, digits, - and _'), z.looseObject({}))
    .default({})
    .describe(
      `where pipelines deliver records, by name: each with its type of sink and the settings of that type; ${STORE} is the store, which always exists`,
    ),
  database: z
    .object({
      url: z
        .string()
        .superRefine(checkPassword)
        .pipe(z.url({ protocol: /^postgres(ql)?$/ }))
        .optional()
        .describe('TimescaleDB or PostgreSQL; unset means the embedded one')
        .meta({ env: 'DATABASE_URL', secret: true }),
      read_url: z
        .string()
        .superRefine(checkPassword)
        .pipe(z.url({ protocol: /^postgres(ql)?$/ }))
        .optional()
        .describe(
          'a replica of that database, for reads by HTTP, WebSocket, MCP and `qicore query`; unset: they go to database.url',
        )
        .meta({ env: 'DATABASE_READ_URL', secret: true }),
      tls: tlsSettings('DATABASE', 'the database').omit({ server_name: true }).prefault({}),
      reader_limits: z
        .enum(['required', 'waived'])
        .default('required')
        .describe(
          'waived: run SQL of tools even if the server does not limit temporary files of its role; qicore doctor shows whether it does',
        ),
    })
    .check(({ value, issues }) => {
      for (const { path, message } of tlsProblems(value.tls)) issues.push({ code: 'custom', input: value.tls, path, message })
      if (value.read_url && !value.url)
        issues.push({
          code: 'custom',
          input: value,
          path: ['read_url'],
          message: 'a replica needs its primary: set database.url',
        })
    })
    .prefault({}),
  embedded_database: z
    .object({
      port: z
        .int()
        .min(0)
        .max(65_535)
        .default(55_432)
        .describe('the port of the embedded PostgreSQL on loopback, or the next free one after it; 0 picks any free one')
        .meta({ env: 'QICORE_DATABASE_PORT' }),
    })
    .prefault({}),
  store: storeSettings.prefault({}),
  redpanda: RedpandaConfig.prefault({}),
  embedded_stream: embeddedStreamConfig.prefault({}),
  schema_registry: SchemaRegistryConfig.prefault({}),
  services: dockerSettings.prefault({}),
  partitions: z.int().min(1).max(1000).default(6).describe('partitions of a topic when it is created'),
  mcp: z
    .object({
      destructive: z
        .boolean()
        .default(false)
        .describe('also offer AI clients the tools that destroy data (the user is asked each time)')
        .meta({ env: 'QICORE_MCP_DESTRUCTIVE' }),
      servers: z.array(z.string()).default([]).describe('MCP servers to start; qicore mcp servers lists the official ones'),
      file: z.string().min(1).optional().describe('a JSON file with mcpServers, for any other server'),
      folder: z.string().min(1).optional().describe('where servers are installed; default mcp in the data folder'),
      read_only: z
        .boolean()
        .default(true)
        .describe('official servers may only read; false lets the one of Redpanda Connect append to topics'),
    })
    .prefault({}),
  agents: z
    .object({
      ...Object.fromEntries(Object.values(agentDefinitions).map(({ name, config }) => [name, config.prefault({})])),
      run: names(Object.keys(agentDefinitions))
        .default([])
        .describe('the agents that run by their schedules while the platform runs')
        .meta({ env: 'QICORE_AGENTS' }),
    })
    .prefault({}),
  llm: llmSettings.prefault({}),
  log: z
    .object({
      level: z
        .enum(['debug', 'info', 'warn', 'error'])
        .default('info')
        .describe('the lowest level that is logged')
        .meta({ env: 'QICORE_LOG_LEVEL', flag: 'log-level' }),
    })
    .prefault({}),
}

const TYPES = typesOfInstances(undefined)

/** Every setting of a platform whose file configures no source: each source type has its settings under its name. */
export const configSchema = schemaFor(TYPES)

function schemaFor(types: typeof TYPES) {
  return z.object({ sources: sourcesSchema(types).prefault({}), ...core })
}

export type PlatformConfig = z.output<z.ZodObject<typeof core>> & { readonly home: string; readonly sources: SourcesConfig }

export interface LoadedConfig {
  readonly config: PlatformConfig
  readonly provenance: readonly Provenance[]
  /** The folder of the project. */
  readonly project: string
}

export interface LoadOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly flags?: Readonly<Record<string, unknown>>
}

/**
 * The configuration of the project that a folder belongs to.
 * @throws QiError CONFIG_INVALID
 */
export function loadConfig({ cwd = process.cwd(), env = process.env, flags = {} }: LoadOptions = {}): LoadedConfig {
  const project = findProject(cwd)
  const file = readConfigFile(join(project, CONFIG_FILE))
  const given = (file?.values as { readonly sources?: unknown } | null | undefined)?.sources
  const types = typesOfInstances(given)
  const schema = schemaFor(types)
  const inputs = { env, flags, ...(file && { file }) }
  const { config, provenance: resolved } = resolveConfig(schema, inputs, settingsOfInstances(schema, types))
  const provenance = withDestinations(resolved, sinkDefinitions)
  const { sources: found, ...typed } = config
  const sources = sourcesConfig(found, types, Object.keys(given ?? {}))
  const home = typed.home ? resolve(cwd, typed.home) : join(project, HOME_FOLDER)
  protectSecrets(secretsIn(provenance, secretPartsOf))
  requireTokenOffLoopback(typed.server)
  requireAgentsCanWork({ ...config, sources })
  // Every connection is made from the URL alone, so TLS settings go into it.
  const { url, read_url, tls } = typed.database
  const database = {
    ...typed.database,
    ...(url && { url: secureDatabaseUrl(url, tls) }),
    ...(read_url && { read_url: secureDatabaseUrl(read_url, tls) }),
  }
  return { config: { ...typed, sources, database, home }, provenance, project }
}

/** A part of a URL's path this long may be a token. */
const TOKEN_LENGTH = 20

/** The password in a URL, and the parts of its path that may be tokens. */
const secretPartsOf = (url: string): readonly string[] => {
  const path = /^https?:/i.test(url) ? (URL.parse(url)?.pathname ?? '') : ''
  return [...passwordsIn(url), ...path.split('/').filter((part) => part.length >= TOKEN_LENGTH)]
}

function requireTokenOffLoopback({ host, token }: { readonly host: string; readonly token?: string | undefined }): void {
  if (!isLoopback(host) && !token)
    throw new QiError(
      'CONFIG_INVALID',
      `server.host "${host}" can be reached by others: set QICORE_TOKEN to a secret of at least 16 characters, or listen on 127.0.0.1`,
      { field: 'server.token' },
    )
}

function requireAgentsCanWork(config: Readonly<Record<string, unknown>>): void {
  for (const { name, check } of Object.values(agentDefinitions)) {
    const problem = check?.((config.agents as Record<string, never>)[name] as never, config)
    if (!problem) continue
    const field = `agents.${name}.${problem.path}`
    throw new QiError('CONFIG_INVALID', `${field}: ${problem.message}`, { field })
  }
}
