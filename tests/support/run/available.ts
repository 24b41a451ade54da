import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { bentoBinary, hasConnect, redpandaConnectBinary } from '../../../bench/peers/installed.ts'
import { isExecutable, onPath } from '../../../bench/requirements.ts'
import { timescaleUrl } from './stores.ts'

export const SERVICES = [
  'kafka',
  'registry',
  'postgres',
  'timescaledb',
  'kcat',
  'psql',
  'pgbench',
  'pgbouncer',
  'redis',
  'clickhouse',
  'wrk',
  'bash',
  'zsh',
  'fish',
  'connect',
  'bento',
  'redpanda-connect',
  'openssl',
  'python3',
  'schemathesis',
  'readers',
  'typescript-client',
  'python-client',
  'inspector',
  'mcp-servers',
  'go',
  'docker',
  'compose',
  'versitygw',
  'fake-gcs-server',
  'recorded-data',
  'ccxt',
  'faketime',
  'tmpfs',
] as const
export type ServiceName = (typeof SERVICES)[number]

/** How to get what is missing. */
export const REMEDY: Readonly<Record<ServiceName, string>> = {
  kafka: 'npm run services, or QICORE_TEST_KAFKA_LIB=FOLDER of jars; needs java',
  registry: 'npm run services, or QICORE_TEST_REGISTRY_LIB=FOLDER of Apicurio; needs java',
  postgres: 'npm run services, or QICORE_TEST_POSTGRES_URL',
  timescaledb: 'TIMESCALE_URL',
  kcat: 'npm run services',
  psql: 'npm run services',
  pgbench: 'npm run services',
  pgbouncer: 'npm run services',
  redis: 'npm run services',
  clickhouse:
    'npm run services, or QICORE_TEST_CHDB=FOLDER of the package chdb: the engine of ClickHouse, behind an HTTP interface of the tests',
  wrk: 'npm run services',
  bash: 'install bash',
  zsh: 'npm run services',
  fish: 'npm run services',
  connect: 'npm run services -- connect; needs java',
  bento: 'npm run services -- bento, or BENTO_BIN=FILE; needs go',
  'redpanda-connect': 'REDPANDA_CONNECT_BIN=FILE',
  openssl: 'apt-get install openssl',
  python3: 'npm run services',
  schemathesis: 'npm run services, or QICORE_TEST_SCHEMATHESIS=PROGRAM',
  readers: 'npm run services, or QICORE_TEST_READERS=PYTHON that has the packages of scripts/services/readers',
  'typescript-client': 'npm run services',
  'python-client': 'npm run services',
  inspector: 'npm run services, or QICORE_TEST_INSPECTOR=PROGRAM',
  'mcp-servers': 'npm run services',
  go: 'https://go.dev/dl',
  docker: 'npm run services; as root on Linux',
  compose: 'npm run services; needs go',
  versitygw: 'npm run services, or QICORE_TEST_VERSITYGW=PROGRAM; needs go',
  'fake-gcs-server': 'npm run services, or QICORE_TEST_FAKE_GCS_SERVER=PROGRAM; needs go',
  'recorded-data': 'QICORE_TEST_DATA=FOLDER',
  ccxt: 'npm install',
  faketime: 'npm run services',
  tmpfs: 'root on Linux, who may mount file systems',
}

/** Services that scripts/services.sh cannot bring to a CI machine. */
export const OPTIONAL_IN_CI: readonly ServiceName[] = [
  'timescaledb',
  'bento', // takes minutes to build
  'redpanda-connect',
  'go',
  'recorded-data',
  ...(process.getuid?.() === 0 ? [] : ['tmpfs' as const]),
  ...(onPath('go') ? [] : (['compose', 'versitygw', 'fake-gcs-server'] as const)), // they are built with it
]

export const kafkaLibrary = (): string => process.env.QICORE_TEST_KAFKA_LIB ?? join(homedir(), '.cache/qicore-test/kafka/lib')

/** The folder of Docker's settings (DOCKER_CONFIG) that has Compose 2 among its plugins. */
export const composePlugins = (): string => process.env.QICORE_TEST_COMPOSE ?? join(homedir(), '.cache/qicore-test/compose')

/** The S3 server. */
export const versitygw = (): string =>
  process.env.QICORE_TEST_VERSITYGW ?? join(homedir(), '.cache/qicore-test/versitygw/versitygw')

/** The GCS server. */
export const fakeGcsServer = (): string =>
  process.env.QICORE_TEST_FAKE_GCS_SERVER ?? join(homedir(), '.cache/qicore-test/fake-gcs-server/fake-gcs-server')
/** The package that is the engine of ClickHouse. */
export const chdb = (): string => process.env.QICORE_TEST_CHDB ?? join(homedir(), '.cache/qicore-test/chdb/node_modules/chdb')

/** The program that fuzzes the HTTP API. */
export const schemathesis = (): string =>
  process.env.QICORE_TEST_SCHEMATHESIS ?? join(homedir(), '.cache/qicore-test/schemathesis/bin/schemathesis')

/** The Python that has pyarrow, pandas, polars and DuckDB. */
export const readersPython = (): string =>
  process.env.QICORE_TEST_READERS ?? join(homedir(), '.cache/qicore-test/readers/bin/python')

/** Packages that generate and make up a client in TypeScript. */
export const typescriptClient = (): string => join(homedir(), '.cache/qicore-test/typescript-client/node_modules')
/** Programs that generate and check a client in Python. */
export const pythonClient = (): string => join(homedir(), '.cache/qicore-test/python-client/bin')

/** The MCP Inspector's command line. */
export const inspector = (): string =>
  process.env.QICORE_TEST_INSPECTOR ?? join(homedir(), '.cache/qicore-test/inspector/node_modules/.bin/mcp-inspector')

/** Where the official MCP servers are installed that tests launch. */
export const mcpServersFolder = (): string => join(homedir(), '.cache/qicore-test/mcp')

/** The command that starts the schema registry, where it is installed. */
export function registryJar(): string | undefined {
  const folder = process.env.QICORE_TEST_REGISTRY_LIB ?? join(homedir(), '.cache/qicore-test/registry/app')
  const jar = existsSync(folder) && readdirSync(folder).find((name) => /^apicurio-registry-app-.*-runner\.jar$/.test(name))
  return jar ? join(folder, jar) : undefined
}

export const recordedData = (): string =>
  resolve(process.env.QICORE_TEST_DATA ?? join(import.meta.dirname, '../../../../shared/data'))

/** The newest server that Debian's packages installed. */
export function debianPostgres(): string | undefined {
  const base = '/usr/lib/postgresql'
  const versions = existsSync(base) ? readdirSync(base).sort((a, b) => Number(b) - Number(a)) : []
  return versions.map((version) => join(base, version)).find((folder) => isExecutable(join(folder, 'bin/postgres')))
}

/** Debian has it where only root looks. */
export const pgbouncer = (): string | undefined =>
  ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer'].find(isExecutable)

/** The library that gives a process another clock, where Debian installs it. */
export function libfaketime(): string | undefined {
  const base = '/usr/lib'
  const folders = existsSync(base) ? readdirSync(base).filter((name) => name.endsWith('-linux-gnu')) : []
  return folders.map((name) => join(base, name, 'faketime/libfaketimeMT.so.1')).find(existsSync)
}

/** Root in a container may be forbidden to mount. */
function mountsTmpfs(): boolean {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !['mount', 'umount'].every(onPath)) return false
  const folder = mkdtempSync(join(tmpdir(), 'qicore-mount-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'qicore-probe', folder], { stdio: 'ignore' })
    execFileSync('umount', [folder], { stdio: 'ignore' })
    return true
  } catch {
    return false
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const isThere: Readonly<Record<ServiceName, () => boolean>> = {
  kafka: () =>
    onPath('java') && existsSync(kafkaLibrary()) && readdirSync(kafkaLibrary()).some((jar) => jar.startsWith('kafka_')),
  registry: () => onPath('java') && registryJar() !== undefined,
  postgres: () => process.env.QICORE_TEST_POSTGRES_URL !== undefined || debianPostgres() !== undefined,
  timescaledb: () => timescaleUrl() !== undefined,
  kcat: () => onPath('kcat'),
  psql: () => onPath('psql'),
  pgbench: () => onPath('pgbench'),
  pgbouncer: () => pgbouncer() !== undefined,
  clickhouse: () => existsSync(join(chdb(), 'package.json')),
  redis: () => onPath('redis-server') && onPath('redis-cli'),
  wrk: () => onPath('wrk'),
  bash: () => onPath('bash'),
  zsh: () => onPath('zsh'),
  fish: () => onPath('fish'),
  connect: () => onPath('java') && hasConnect(),
  bento: () => bentoBinary() !== undefined,
  'redpanda-connect': () => redpandaConnectBinary() !== undefined,
  openssl: () => onPath('openssl'),
  python3: () => onPath('python3'),
  schemathesis: () => isExecutable(schemathesis()),
  readers: () => isExecutable(readersPython()),
  'typescript-client': () => isExecutable(join(typescriptClient(), '.bin/openapi-typescript')),
  'python-client': () => isExecutable(join(pythonClient(), 'openapi-python-client')),
  inspector: () => isExecutable(inspector()),
  'mcp-servers': () =>
    existsSync(join(mcpServersFolder(), 'coingecko/node_modules/.bin/deno')) &&
    existsSync(join(mcpServersFolder(), 'postgres/node_modules/@bytebase/dbhub')),
  go: () => onPath('go'),
  docker: () => process.getuid?.() === 0 && ['dockerd', 'docker', 'busybox'].every(onPath),
  compose: () => onPath('docker') && isExecutable(join(composePlugins(), 'cli-plugins/docker-compose')),
  versitygw: () => isExecutable(versitygw()),
  'fake-gcs-server': () => isExecutable(fakeGcsServer()),
  'recorded-data': () => existsSync(recordedData()),
  ccxt: () => existsSync(resolve(import.meta.dirname, '../../../node_modules/ccxt/package.json')),
  faketime: () => libfaketime() !== undefined,
  tmpfs: mountsTmpfs,
}

export const availableServices = (): readonly ServiceName[] => SERVICES.filter((name) => isThere[name]())
