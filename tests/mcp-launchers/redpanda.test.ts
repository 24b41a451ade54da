import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { parse } from 'yaml'
import { type RecordType, recordTypes, silentLogger } from '../../lib/src/base/types/index.ts'
import { type LauncherContext, MCPServerManager, OfficialRedpandaMCPLauncher } from '../../lib/src/mcp-launchers/index.ts'
import { connectSettings } from '../../lib/src/mcp-launchers/redpanda/cluster.ts'
import { resourceFiles } from '../../lib/src/mcp-launchers/redpanda/resources.ts'
import { launcherContext, loadConfig } from '../../lib/src/streaming/platform/index.ts'
import { temporary } from '../support/temporary.ts'
import { quick } from './fixture.ts'
import { type DoubleOptions, type RedpandaDouble, redpandaDouble } from './redpandaDouble.ts'

const types: readonly RecordType[] = Object.values(recordTypes as Record<string, RecordType>)
/** As Redpanda Connect reads its environment. */
const variable = (name: string): string => `\${${name}}`
const topics = types.map(({ topic }) => topic)

/** The context that a platform of these settings gives its launchers, with the double on the PATH. */
async function prepared(
  env: Record<string, string> = {},
  options: DoubleOptions = {},
): Promise<{ readonly context: LauncherContext; readonly double: RedpandaDouble; readonly folder: string }> {
  const folder = await temporary('redpanda')
  const double = await redpandaDouble(folder, options)
  const settings = { REDPANDA_BROKERS: 'one:9092,two:9092', QICORE_HOME: folder, ...env }
  const { config } = loadConfig({ cwd: folder, env: settings })
  const own = { ...process.env, COINGECKO_API_KEY: 'CG-secret', ...settings, PATH: `${double.path}:${process.env.PATH}` }
  return { context: { ...launcherContext(config, silentLogger), env: own }, double, folder: join(folder, 'mcp/redpanda') }
}

async function written(folder: string): Promise<ReadonlyMap<string, Record<string, never>>> {
  const files = new Map<string, Record<string, never>>()
  for (const kind of ['inputs', 'outputs'])
    for (const name of await readdir(join(folder, 'resources', kind)).catch(() => []))
      files.set(name.replace('.yaml', ''), parse(await readFile(join(folder, 'resources', kind, name), 'utf8')))
  return files
}

test('each topic can be read, and appended to unless only reading is allowed; labels are unique', () => {
  const settings = { connection: { seed_brokers: ['127.0.0.1:9092'] }, registry: undefined }
  const read = (readOnly: boolean) =>
    resourceFiles({ settings, platformId: 'id', readOnly }).map(({ path, text }) => ({ path, ...parse(text) }))
  const all = read(false)
  const inputs = all.filter(({ path }) => path.startsWith('resources/inputs/'))
  const outputs = all.filter(({ path }) => path.startsWith('resources/outputs/'))
  expect(inputs.flatMap(({ redpanda }) => redpanda.topics)).toEqual(topics)
  expect(outputs.map(({ reject_errored }) => reject_errored.redpanda.topic)).toEqual(topics)
  expect(new Set(all.map(({ label }) => label)).size).toBe(2 * topics.length)
  for (const { label, path, meta } of all) {
    expect(path).toContain(`/${label}.yaml`)
    expect(meta.mcp).toMatchObject({ enabled: true, description: expect.stringContaining('topic') })
  }
  // One record a batch: what a call asks for is what it takes.
  for (const { redpanda, meta } of inputs) {
    expect(redpanda).toMatchObject({ max_yield_batch_bytes: '1B', start_offset: 'earliest' })
    expect(meta.mcp.description).toMatch(/Leave "count" at 1.*answered to nobody/)
  }
  expect(read(true)).toEqual(inputs)
})

test('an appended record gets the key of the platform, or is refused', () => {
  const settings = { connection: {}, registry: undefined }
  const files = resourceFiles({ settings, platformId: 'id', readOnly: false })
  for (const type of types) {
    const { processors, reject_errored } = parse(
      files.find(({ path }) => path.endsWith(`outputs/put_${type.topic.replaceAll('-', '_')}.yaml`))?.text as string,
    )
    const fields = [...processors[0].mapping.matchAll(/this\.(\w+)/g)].map(([, name]) => name)
    const key = type.messageKey({ source: 'source', coinId: 'coin_id' } as never)
    expect(fields.join(':'), type.topic).toBe(key)
    expect(processors[0].mapping).toContain('throw("source is missing")')
    expect(reject_errored.redpanda).toMatchObject({ key: `\${! @key }`, idempotent_write: true })
  }
})

test('a platform’s own cluster: TLS, sign-in and schema registry are handed on; secrets are in no file and no argument', async () => {
  const { context, double, folder } = await prepared({
    REDPANDA_TLS_CA: '/etc/ca.pem',
    REDPANDA_TLS_CERT: '/etc/own.pem',
    REDPANDA_TLS_KEY: '/etc/own.key',
    REDPANDA_SASL_MECHANISM: 'SCRAM-SHA-512',
    REDPANDA_SASL_USERNAME: 'somebody',
    REDPANDA_SASL_PASSWORD: 'brokers-secret',
    SCHEMA_REGISTRY_URL: 'https://reader:registry-secret@registry:8081',
    SCHEMA_REGISTRY_TLS_CA: '/etc/registry.pem',
  })
  const { spec } = await OfficialRedpandaMCPLauncher.launch({ ...context, readOnly: false })
  const files = await written(folder)
  expect(files.size).toBe(2 * topics.length)
  const cluster = {
    seed_brokers: ['one:9092', 'two:9092'],
    tls: { enabled: true, root_cas_file: '/etc/ca.pem', client_certs: [{ cert_file: '/etc/own.pem', key_file: '/etc/own.key' }] },
    sasl: [
      { mechanism: 'SCRAM-SHA-512', username: variable('QICORE_SASL_USERNAME'), password: variable('QICORE_SASL_PASSWORD') },
    ],
  }
  const registry = {
    url: 'https://registry:8081',
    basic_auth: { enabled: true, username: variable('QICORE_REGISTRY_USERNAME'), password: variable('QICORE_REGISTRY_PASSWORD') },
    tls: { root_cas_file: '/etc/registry.pem' },
  }
  expect(files.get('read_crypto_prices')).toMatchObject({ redpanda: cluster, processors: [{ schema_registry_decode: registry }] })
  expect(files.get('put_crypto_prices')).toMatchObject({
    reject_errored: { redpanda: cluster },
    processors: [{ mapping: expect.any(String) }, { schema_registry_encode: { ...registry, subject: 'crypto-prices-value' } }],
  })
  const secrets = { QICORE_SASL_PASSWORD: 'brokers-secret', QICORE_REGISTRY_PASSWORD: 'registry-secret' }
  expect(spec).toMatchObject({ args: ['mcp-server', folder], env: { ...secrets, QICORE_SASL_USERNAME: 'somebody' } })
  for (const kind of ['inputs', 'outputs'])
    for (const name of await readdir(join(folder, 'resources', kind))) {
      const file = join(folder, 'resources', kind, name)
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      expect(await readFile(file, 'utf8')).not.toMatch(/secret/)
    }
  // The check of the files sees what the server sees, and none of our keys.
  const [lint] = await double.runs()
  expect(lint?.args).toEqual(['mcp-server', 'lint', folder])
  expect(lint?.env).toMatchObject(secrets)
  expect(Object.keys(lint?.env ?? {}).filter((name) => /COINGECKO|REDPANDA|SCHEMA/.test(name))).toEqual([])
})

test('a name of the certificate that Redpanda Connect cannot check is refused, not ignored', () => {
  const tls = { reject_unauthorized: true, server_name: 'broker' }
  expect(() => connectSettings({ brokers: ['a:1'], tls, sasl: {} })).toThrow(/redpanda\.tls\.server_name/)
})

test('it runs, only reads unless mcp.read_only is false, and reads in groups of this platform alone', async () => {
  const one = await prepared()
  const other = await prepared()
  const groups: string[] = []
  for (const { context, folder } of [one, other]) {
    const { spec } = await OfficialRedpandaMCPLauncher.launch(context)
    const manager = new MCPServerManager()
    onTestFinished(() => manager.stop())
    await manager.start('redpanda', spec, quick)
    expect(
      manager
        .tools()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(topics.map((topic) => `redpanda__read_${topic.replaceAll('-', '_')}`).sort())
    const { redpanda } = (await written(folder)).get('read_crypto_prices') as unknown as { redpanda: { consumer_group: string } }
    groups.push(redpanda.consumer_group)
    // A tool that failed has answered: its error keeps its code and says nothing of a server that is gone.
    await expect(manager.callTool('redpanda__read_crypto_prices', {})).rejects.toMatchObject({
      code: 'BAD_DATA',
      retryable: false,
      message: expect.stringMatching(/read_crypto_prices: it failed with error -32603: .*message 0 is missing a value/),
    })
    expect(manager.health()[0]).toMatchObject({ state: 'ready', restarts: 0 })
  }
  expect(groups[0]).toMatch(/^qicore-mcp-[0-9a-f]{8}-read_crypto_prices$/)
  expect(groups[1]).not.toBe(groups[0])
  const { config } = loadConfig({ cwd: one.folder, env: {}, flags: { 'mcp.read_only': false } })
  expect(launcherContext(config, silentLogger).readOnly).toBe(false)
})

test('a check that times out is told apart from one that refuses, whose output is quoted', async () => {
  const slow = await prepared({}, { lintMs: 60_000 })
  await expect(OfficialRedpandaMCPLauncher.launch({ ...slow.context, lintMs: 500 })).rejects.toMatchObject({
    code: 'TIMEOUT',
    retryable: true,
    message: expect.stringMatching(/lint .* did not end within 0\.5 s; it is tried again/),
  })
  const strict = await prepared(
    {},
    { refuses: '\u001b[31mresources/inputs/read_trades.yaml(4,1) field nonsense not recognised\u001b[0m\n' },
  )
  await expect(OfficialRedpandaMCPLauncher.launch(strict.context)).rejects.toMatchObject({
    code: 'UNSUPPORTED',
    message: expect.stringMatching(
      /does not accept the resources \(exit code 1\): resources\/inputs\/read_trades\.yaml\(4,1\) field nonsense not recognised$/,
    ),
  })
})
