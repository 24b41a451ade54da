import { type SourcesConfig, suggest } from '../../../base/types/index.ts'

/** The problem of a setting that must name an instance of coingecko. @param others other valid names */
export function notCoinGecko(name: string, instances: SourcesConfig['instances'], others: readonly string[] = []): string {
  const type = instances.get(name)?.type.name
  const known = [...others, ...[...instances.values()].filter((one) => one.type.name === 'coingecko').map((one) => one.name)]
  return `"${name.slice(0, 60)}" is ${type ? `a source of type ${type}` : 'no source'}, and no instance of coingecko${suggest(name, known)}`
}
