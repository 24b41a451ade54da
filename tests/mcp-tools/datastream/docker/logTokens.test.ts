import { countTokens } from 'gpt-tokenizer/encoding/o200k_base'
import { expect, test } from 'vitest'
import type { ServiceControl } from '../../../../lib/src/base/types/index.ts'
import { caller } from './callDockerTool.ts'

test.each(['🦜é漢'.repeat(300), '9f8a7c-'.repeat(300), 'q0~}'.repeat(3), 'the checkpoint is complete now '.repeat(9)])(
  'a default page of logs stays under 2,000 tokens, whatever was written: %#',
  async (line) => {
    const lines = Array.from({ length: 15 }, (_, at) => ({
      time: `2026-01-01T00:00:00.0000000${10 + at}Z`,
      stream: 'stdout',
      line,
    }))
    const call = caller({ logs: async () => ({ lines, older: '2026-01-01T00:00:00Z/1' }) } as unknown as ServiceControl)
    const { structured, text } = await call('docker_service_logs', { service: 'redis' })
    expect((structured.items as unknown[]).length).toBeGreaterThan(0)
    expect(structured.next).toBeDefined()
    expect(countTokens(JSON.stringify(structured)) + countTokens(text)).toBeLessThan(2_000)
  },
)
