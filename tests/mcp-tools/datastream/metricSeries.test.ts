import { expect, test } from 'vitest'
import { seriesOf } from '../../../lib/src/mcp-tools/shared/metricSeries.ts'

const sample = (name: string, value: number, labels: Record<string, string> = {}) => ({ name, value, labels })

test('quantiles of a histogram are those that Prometheus takes from its buckets', () => {
  const [series] = seriesOf({
    name: 'took',
    help: '',
    type: 'histogram',
    samples: [
      sample('took_bucket', 50, { le: '1', of: 'a' }),
      sample('took_bucket', 90, { le: '2', of: 'a' }),
      sample('took_bucket', 98, { le: '4', of: 'a' }),
      sample('took_bucket', 100, { le: '+Inf', of: 'a' }),
      sample('took_sum', 150, { of: 'a' }),
      sample('took_count', 100, { of: 'a' }),
    ],
  })
  expect(series).toMatchObject({ metric: 'took', labels: { of: 'a' }, count: 100, mean: 1.5, p50: 1, p99: 4 })
  expect(series?.p95).toBeCloseTo(2 + (2 * 5) / 8, 12)
})

test('each set of labels is a series, and an empty histogram has a count alone', () => {
  const labels = (of: string) => ({ of })
  const found = seriesOf({
    name: 'took',
    help: '',
    type: 'histogram',
    samples: ['a', 'b'].flatMap((of) => [
      sample('took_bucket', 0, { le: '+Inf', ...labels(of) }),
      sample('took_sum', 0, labels(of)),
      sample('took_count', 0, labels(of)),
    ]),
  })
  expect(found).toEqual(['a', 'b'].map((of) => ({ metric: 'took', type: 'histogram', labels: { of }, count: 0 })))
})
