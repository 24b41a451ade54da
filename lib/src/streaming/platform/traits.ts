import type { SeriesTraits, SourceDefinition } from '../../base/index.ts'

/** Traits of a source's series, by its settings. */
export function traitsOf(definition: SourceDefinition, settings: Record<string, unknown>): SeriesTraits {
  const calendar = definition.calendar?.(settings)
  return {
    cadence: definition.cadence?.(settings) ?? {},
    contiguous: definition.contiguous?.(settings) ?? [],
    ...(calendar !== undefined && { calendar }),
  }
}
