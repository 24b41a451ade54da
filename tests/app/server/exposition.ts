/** Parses the text format of Prometheus as strictly as promtool. */
export interface Family {
  readonly name: string
  readonly type: string
  readonly help: string
  readonly samples: readonly {
    readonly name: string
    readonly labels: Readonly<Record<string, string>>
    readonly value: number
  }[]
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\[\\"n])*)"(?:,|$)/y

/** @throws Error for text that a scraper would refuse */
export function parseExposition(text: string): ReadonlyMap<string, Family> {
  if (!text.endsWith('\n')) throw new Error('the text does not end with a line feed')
  const families = new Map<string, { name: string; type: string; help: string; samples: Family['samples'][number][] }>()
  const seen = new Set<string>()
  let help: { readonly name: string; readonly text: string } | undefined
  let family: ReturnType<typeof families.get>
  for (const line of text.split('\n')) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? []
    if (line === '') continue
    if (kind === 'HELP') help = { name, text: rest }
    else if (kind === 'TYPE') {
      if (help?.name !== name || families.has(name)) throw new Error(`${name} has no help of its own, or comes twice`)
      family = { name, type: rest, help: help.text, samples: [] }
      families.set(name, family)
    } else {
      const [, sample = '', labels = '', value = ''] = SAMPLE.exec(line) ?? []
      const number = value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value)
      // The mean of no values, which Prometheus accepts.
      const nothing = /^nan$/i.test(value)
      const suffixes = family?.type === 'histogram' ? ['_bucket', '_sum', '_count'] : ['']
      if (!family || !suffixes.some((suffix) => sample === family?.name + suffix) || (Number.isNaN(number) && !nothing))
        throw new Error(`no sample of ${family?.name}: ${line}`)
      const place = line.slice(0, line.lastIndexOf(' '))
      if (seen.has(place)) throw new Error(`twice: ${place}`)
      seen.add(place)
      family.samples.push({ name: sample, labels: labelsOf(labels), value: number })
    }
  }
  return families
}

function labelsOf(text: string): Record<string, string> {
  const labels: Record<string, string> = {}
  LABEL.lastIndex = 0
  while (LABEL.lastIndex < text.length) {
    const match = LABEL.exec(text)
    if (!match || match[1] === undefined || match[1] in labels) throw new Error(`labels cannot be read: {${text}}`)
    labels[match[1]] = (match[2] as string).replaceAll(/\\(.)/g, (_, c: string) => (c === 'n' ? '\n' : c))
  }
  return labels
}
