import { z } from 'zod'
import { defineTool } from '../../base/agent/index.ts'
import { SERVICE_NAMES } from '../../base/types/index.ts'
import { saying } from '../shared/text.ts'
import { clipped, newestWithin } from './docker/logPage.ts'
import { placeBefore, placeOf } from './docker/logs.ts'
import { DOCKER_TOOLS } from './docker/tools.ts'

/** Token budget of a page per requested line; lines are in the answer twice, as structure and as text. */
const PER_LINE = 30

export const dockerServiceLogs = defineTool({
  name: 'docker_service_logs',
  title: 'Logs of a service',
  summary:
    'What a service in Docker wrote, also one that has ended: the newest lines, oldest of them first; `next` leads to older ones. With contains: only lines that hold a text.',
  set: DOCKER_TOOLS,
  effect: 'read',
  pages: { by: 'lines' },
  input: z.object({
    service: z.enum(SERVICE_NAMES, { error: `there is ${SERVICE_NAMES.join(', ')}` }).describe('whose logs'),
    lines: z.int().min(1).max(500).default(15).describe('most lines in a page; long ones may make it shorter'),
    contains: z.string().min(1).max(200).optional().describe('only lines with this text, in upper or lower case'),
    after: z.string().max(100).optional().describe('`next` of the page before'),
  }),
  output: z.object({
    service: z.enum(SERVICE_NAMES),
    items: z
      .array(z.object({ time: z.string(), stream: z.enum(['stdout', 'stderr']), line: z.string() }))
      .describe('lines are cut at 300 characters'),
    next: z.string().optional().describe('pass as `after` for older lines; absent where there are none'),
  }),
  async run({ service, lines: most, contains, after }, { services: control, signal }) {
    const { lines, older } = await control.logs(service, { lines: most, contains, before: after, signal })
    const short = lines.map((line) => ({ ...line, line: clipped(line.line) }))
    const items = [...newestWithin(short, most * PER_LINE)]
    const next = items.length < lines.length ? placeBefore(items, after === undefined ? undefined : placeOf(after)) : older
    // Nanoseconds are only needed in a position.
    const shown = items.map((line) => ({ ...line, time: line.time.replace(/(\.\d{3})\d*Z$/, '$1Z') }))
    return { service, items: shown, ...(next !== undefined && { next }) }
  },
  facts: ({ items, next }) => ({
    times: items.map(({ time }) => time),
    missing: [next !== undefined && 'older lines: pass next as after'],
  }),
  text: ({ service, items, next }) =>
    items.length === 0
      ? `${service} wrote nothing that matches`
      : [
          ...items.map(({ stream, line }) => (stream === 'stderr' ? `! ${saying(line)}` : saying(line))),
          ...(next ? [`older: pass after: ${saying(next)}`] : []),
        ].join('\n'),
})
