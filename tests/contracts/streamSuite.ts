import { afterAll, beforeAll, describe } from 'vitest'
import type { Stream } from '../../lib/src/base/types/index.ts'
import { appendTests } from './stream/append.ts'
import { commitTests } from './stream/commits.ts'
import { flowTests } from './stream/flow.ts'
import { groupTests } from './stream/groups.ts'
import { inspectionTests } from './stream/inspection.ts'
import { lifecycleTests } from './stream/lifecycle.ts'
import { readTests } from './stream/read.ts'
import { topicTests } from './stream/topics.ts'

const PARTS = {
  topics: topicTests,
  append: appendTests,
  read: readTests,
  groups: groupTests,
  inspection: inspectionTests,
  commits: commitTests,
  flow: flowTests,
  lifecycle: lifecycleTests,
}
type Part = keyof typeof PARTS

export interface StreamSuiteOptions {
  /** A new client of the same log; each is closed by the suite. */
  open(): Promise<Stream>
  /** A message of this many bytes is refused. Default 1.5 MiB. */
  readonly tooLargeBytes?: number
  /** Parts to run, where a variant differs in them alone. Default all. */
  readonly only?: readonly Part[]
}

/** The context of a part of the suite: a client shared by its tests, and new ones. */
export interface StreamUnderTest {
  readonly stream: Stream
  open(): Promise<Stream>
  readonly tooLargeBytes: number
}

/** The suite for every Stream. Tests use topics and groups of their own, so they may run in any order and at once. */
export function streamSuite(name: string, options: StreamSuiteOptions): void {
  describe(`stream contract: ${name}`, () => {
    const opened: Stream[] = []
    let shared: Stream | undefined
    const under: StreamUnderTest = {
      tooLargeBytes: options.tooLargeBytes ?? 1.5 * 1024 * 1024,
      get stream() {
        if (!shared) throw new Error('no stream is open yet')
        return shared
      },
      async open() {
        const stream = await options.open()
        opened.push(stream)
        return stream
      },
    }
    beforeAll(async () => {
      shared = await under.open()
    })
    afterAll(async () => {
      await Promise.all(opened.map((stream) => stream.close()))
    })

    for (const [part, tests] of Object.entries(PARTS)) if (options.only?.includes(part as Part) ?? true) tests(under)
  })
}
