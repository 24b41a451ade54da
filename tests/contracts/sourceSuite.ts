import { setImmediate as turn } from 'node:timers/promises'
import { afterEach, describe, expect, it } from 'vitest'
import type { RecordBatch, Source } from '../../lib/src/base/types/index.ts'

export interface SourceUnderTest {
  readonly source: Source
  /** Units of work begun so far, such as requests; where it can be counted. */
  readonly work?: () => number
  /** Frees what stands behind the source, such as a server. */
  readonly dispose?: () => Promise<void>
}

export interface SourceSuiteOptions {
  /** A fresh source, an instance of this name, that has at least `batches` to give without anybody's help. */
  readonly open: (name: string) => Promise<SourceUnderTest>
  /** Its records may have a source of their own. */
  readonly keepsSource?: boolean
  /** Default 3. */
  readonly batches?: number
  /** A source that cannot reach its provider: check() has to say so. */
  readonly openUnreachable?: (name: string) => Promise<SourceUnderTest>
}

/** A name that is no type's. */
const INSTANCE = 'one-of-several'

/** The suite for every source. */
export function sourceSuite(name: string, options: SourceSuiteOptions): void {
  const { batches: wanted = 3, keepsSource = false } = options

  describe(`source contract: ${name}`, () => {
    const opened: SourceUnderTest[] = []
    const open = async (how = options.open): Promise<SourceUnderTest> => {
      const under = await how(INSTANCE)
      opened.push(under)
      return under
    }
    afterEach(async () => {
      for (const under of opened.splice(0)) {
        await under.source.close()
        await under.dispose?.()
      }
    })

    it('has the name of the instance', async () => {
      const { source } = await open()
      expect(source.name).toBe(INSTANCE)
    })

    it('yields batches of records that their type accepts, and says why it refused the rest', async () => {
      const { source } = await open()
      for (const batch of await take(source, wanted)) {
        for (const record of batch.records) {
          expect(() => batch.type.check(record)).not.toThrow()
          if (!keepsSource) expect(record.source).toBe(INSTANCE)
        }
        for (const { reason, original } of batch.rejected ?? []) {
          expect(reason).not.toBe('')
          expect(original).toBeTypeOf('string')
        }
        expect(batch.records.length + (batch.rejected?.length ?? 0)).toBeGreaterThan(0)
      }
    })

    it('does no work that was not asked for beyond one batch', async () => {
      const { source, work } = await open()
      if (!work) return
      const before = work()
      await settle()
      expect(work() - before).toBeLessThanOrEqual(1)
      const iterator = source[Symbol.asyncIterator]()
      for (let pulled = 1; pulled <= wanted; pulled++) {
        await iterator.next()
        await settle()
        expect(work() - before).toBeLessThanOrEqual(pulled + 1)
      }
    })

    it('ends a pending pull on close, and the iteration with it', async () => {
      const { source } = await open()
      const iterator = source[Symbol.asyncIterator]()
      const pending = iterator.next()
      await source.close()
      await pending
      expect(await iterator.next()).toEqual({ done: true, value: undefined })
    })

    it('ends a pull that waits, after everything at hand was taken', async () => {
      const { source } = await open()
      const iterator = source[Symbol.asyncIterator]()
      for (let i = 0; i < wanted; i++) await iterator.next()
      const pending = iterator.next()
      await settle()
      await source.close()
      await pending
      expect((await iterator.next()).done).toBe(true)
    })

    it('may be closed twice, and iterated after it to no effect', async () => {
      const { source } = await open()
      await Promise.all([source.close(), source.close()])
      await source.close()
      expect((await source[Symbol.asyncIterator]().next()).done).toBe(true)
    })

    it('checks without throwing: reachable, aborted, and closed', async () => {
      const { source } = await open()
      const result = await source.check()
      expect(result).toMatchObject({ ok: true })
      expect(result.summary).not.toBe('')
      expect((await source.check(AbortSignal.abort())).summary).not.toBe('')
      await source.close()
      expect((await source.check()).summary).not.toBe('')
    })

    it.skipIf(!options.openUnreachable)('says that the provider cannot be reached, and what to do', async () => {
      const { source } = await open(options.openUnreachable)
      const result = await source.check()
      expect(result).toMatchObject({ ok: false })
      expect(result.summary).not.toBe('')
      expect(result.remedy).toBeTruthy()
      expect(result.error?.code).toBeTruthy()
    })
  })
}

async function take(source: Source, count: number): Promise<RecordBatch[]> {
  const taken: RecordBatch[] = []
  for await (const batch of source) {
    taken.push(batch)
    if (taken.length === count) break
  }
  return taken
}

/** Lets everything happen that needs no further event. */
async function settle(): Promise<void> {
  for (let i = 0; i < 20; i++) await turn()
}
