import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { aPrice, MINUTE, MONDAY } from '../../database/records.ts'
import { S3_KEYS, startGcs, startS3 } from '../../support/objectServers.ts'
import { readersPython } from '../../support/run/available.ts'
import { describeWith } from '../../support/services.ts'
import { BUCKET, keep, openingGcs, openingS3 } from './destination.ts'

const run = promisify(execFile)

describeWith(['readers', 'versitygw', 'fake-gcs-server'], 'a bucket is read by others, in place', { timeout: 60_000 }, () => {
  test.each(['s3', 'gcs'] as const)('%s by pyarrow, digit by digit', async (kind) => {
    const server = await (kind === 's3' ? startS3 : startGcs)(BUCKET)
    onTestFinished(() => server.stop())
    const open = (kind === 's3' ? openingS3 : openingGcs)(() => server.url)
    const prices = ['7', `0.${'0'.repeat(19)}1`, '123456789012345678.5', `${'1'.repeat(40)}.${'2'.repeat(39)}3`]
    const sink = await open({ prefix: 'prices', format: 'parquet' })
    await keep(
      sink,
      prices.map((price, i) => aPrice({ price, time: MONDAY - 2 * MINUTE + i * MINUTE })),
    )
    await sink.close()
    const keys = kind === 's3' ? [S3_KEYS.access_key_id, S3_KEYS.secret_access_key] : []
    const script = join(import.meta.dirname, '../../support/readers/buckets.py')
    const { stdout } = await run(readersPython(), [script, kind, new URL(server.url).host, `${BUCKET}/prices/price`, ...keys], {
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    })
    const rows = JSON.parse(stdout) as { price: string | null; price_exact: string | null; source: string; date: string }[]
    expect(rows.map(({ price, price_exact, source, date }) => [price_exact ?? price, source, date]).sort()).toEqual(
      [
        ['7.00000000000000000000', 'coingecko', '2026-01-04'],
        ['1E-20', 'coingecko', '2026-01-04'],
        ['123456789012345678.50000000000000000000', 'coingecko', '2026-01-05'],
        [prices[3], 'coingecko', '2026-01-05'],
      ].sort(),
    )
  })
})
