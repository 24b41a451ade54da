import { element, getJson } from './page.js'

const by = (id) => document.getElementById(id)

const MARKS = { succeeded: '✓', failed: '✗', cancelled: '–', running: '…', waiting: '?', stranded: '!' }
const KINDS = { succeeded: 'up', failed: 'down', stranded: 'down' }

const minute = (time) => time.slice(0, 16).replace('T', ' ')

/** `0.4 s`, `12 s`, `3 min`, `2.5 h`. */
function took(ms) {
  if (ms === undefined) return ''
  const seconds = ms / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 120) return `${Math.round(seconds)} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`
}

/** The schedule that runs next. */
const nextOf = ({ schedules }) => schedules.filter(({ next }) => next !== undefined).sort((a, b) => (a.next < b.next ? -1 : 1))[0]

const mark = ({ state, workflow, started_at: at }) =>
  element('span', { className: `run ${KINDS[state] ?? ''}`, title: `${workflow} ${state}, ${minute(at)} UTC` }, MARKS[state])

function row(agent) {
  const { name, summary, state, error, runs } = agent
  const [last] = runs
  const next = nextOf(agent)
  const questions = runs.flatMap(({ id, questions }) => questions.map((question) => `${question} (qicore agent approve ${id})`))
  const because = questions.join('; ') || (last?.error ?? error ?? '')
  return element(
    'tr',
    {},
    element('td', { title: summary }, name),
    element('td', { className: state === 'error' ? 'down' : '' }, state),
    element('td', {}, ...runs.toReversed().map(mark)),
    element('td', {}, last ? `${last.workflow} ${last.state}` : 'none yet'),
    element('td', { className: 'number' }, took(last?.duration_ms)),
    element('td', {}, next ? element('time', { dateTime: next.next }, minute(next.next)) : ''),
    element('td', { className: 'why' }, because),
  )
}

/** Shows the agents that are on; hides the table if there are none. */
export async function loadAgents() {
  const { items } = await getJson('/api/v1/agents')
  const shown = items.filter(({ state }) => state !== 'off')
  by('agent-rows').replaceChildren(...shown.map(row))
  by('agents').hidden = shown.length === 0
}
