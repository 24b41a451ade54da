import type { DayArchive } from '../../../lib/src/base/segments/index.ts'

/** The archive of a process that is killed before its step of this number: that step and all later ones never return. */
export function killedAt(archive: DayArchive, step: number): { archive: DayArchive; killed: Promise<void> } {
  const killed = Promise.withResolvers<void>()
  let steps = 0
  const orKilled = <A extends unknown[], T>(work: (...input: A) => Promise<T>) => {
    return (...input: A): Promise<T> => {
      if (steps++ < step) return work(...input)
      killed.resolve()
      return new Promise(() => {})
    }
  }
  return {
    killed: killed.promise,
    archive: {
      folders: orKilled(() => archive.folders()),
      names: orKilled((of: string) => archive.names(of)),
      segment: orKilled((of: string, name: string) => archive.segment(of, name)),
      day: orKilled((of: string) => archive.day(of)),
      publish: orKilled((of: string, path: string) => archive.publish(of, path)),
      note: orKilled((...of: Parameters<DayArchive['note']>) => archive.note(...of)),
    },
  }
}
