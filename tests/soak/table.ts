import type { Freshness } from './freshness.ts'
import type { Sample } from './sample.ts'
import type { Soaked } from './soak.ts'
import type { Judged } from './verdict.ts'

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')

const mib = (bytes: number): string => (bytes / 1024 / 1024).toFixed(1)
const percent = (share: number): string => `${(share * 100).toFixed(3)} %`
const figure = (value: number): string => (Number.isFinite(value) ? String(Number(value.toFixed(2))) : '–')

export const SAMPLE_HEAD = table(
  ['s', 'rss MiB', 'heap MiB', 'external MiB', 'descriptors', 'sockets', 'resources', 'lag', 'fresh'],
  [],
)

export const sampleRow = (s: Sample, freshness: Freshness): string =>
  row([
    s.at.toFixed(0),
    mib(s.rss),
    mib(s.heap),
    mib(s.external),
    figure(s.descriptors),
    figure(s.sockets),
    figure(s.resources),
    figure(s.lag),
    percent(freshness.share),
  ])

/** The load, how fresh the prices were, and what grew. */
export function report({ seconds, load, fresh, judged, problems }: Soaked): string {
  const { records, reads, sent, clients } = load
  return [
    `${seconds} s: ${records} records appended, ${reads} reads, ${sent} records sent to the client that stayed, ${clients} that came and went`,
    `latest prices were fresh ${percent(fresh.share)} of the time; the oldest was ${(fresh.oldestMs / 1000).toFixed(1)} s old`,
    '',
    table(['', 'first', 'last', 'growth a minute (99 %)', 'tolerated', ''], judged.map(judgedRow)),
    ...problems.map((problem) => `PROBLEM: ${problem}`),
  ].join('\n')
}

const judgedRow = ({ name, unit, first, last, slope, low, high, tolerance, grows }: Judged): readonly string[] => [
  `${name} ${unit}`.trim(),
  figure(first),
  figure(last),
  `${figure(slope)} (${figure(low)} to ${figure(high)})`,
  figure(tolerance),
  grows === undefined ? 'not judged' : grows ? 'grows' : 'steady',
]
