import { describe, inject, type TestOptions, test } from 'vitest'
import { recordedData as folderOfRecordedData, OPTIONAL_IN_CI, REMEDY, type ServiceName } from './run/available.ts'

export type { ServiceName }

export const hasService = (name: ServiceName): boolean => inject('available').includes(name)

/** The folder of recorded answers; use it inside `describeWith('recorded-data', …)`. */
export const recordedData: string = folderOfRecordedData()

/**
 * `describe` for what needs services that a machine may lack. Where one is absent its tests are skipped and counted at the end of
 * the run; under `CI=true` they fail instead, unless CI cannot have it.
 */
export function describeWith(needs: ServiceName | readonly ServiceName[], name: string, ...rest: Rest): void {
  const missing = [needs].flat().filter((service) => !hasService(service))
  const [options, body] = rest.length === 2 ? rest : [{}, rest[0]]
  if (missing.length === 0) {
    describe(name, options, body)
    return
  }
  const required = process.env.CI === 'true' ? missing.filter((service) => !OPTIONAL_IN_CI.includes(service)) : []
  if (required.length > 0) {
    test(`${name} [needs ${required.join(', ')}]`, () => {
      throw new Error(`CI lacks ${required.map((service) => `${service} (${REMEDY[service]})`).join(', ')}`)
    })
    return
  }
  describe.skip(`${name} [needs ${missing.join(', ')}]`, options, body)
}

type Rest = [body: () => void] | [options: TestOptions, body: () => void]
