import type { ProviderTerms, SourcesConfig } from '../../../base/types/index.ts'

/** The terms of the providers behind these sources, by source; a source that the configuration does not name has none. */
export const termsOf = (
  { instances }: Pick<SourcesConfig, 'instances'>,
  sources: Iterable<string>,
): Readonly<Record<string, ProviderTerms>> =>
  Object.fromEntries(
    [...new Set(sources)].sort().flatMap((source) => {
      const terms = instances.get(source)?.type.terms
      return terms ? [[source, terms] as const] : []
    }),
  )
