import { loadAgents } from './agents.js'
import { follow } from './live.js'
import { element, getJson } from './page.js'

const by = (id) => document.getElementById(id)
const rows = new Map()

const keyOf = ({ coin_id, source, currency }) => JSON.stringify([coin_id, currency, source])
const pairOf = ({ coin_id, currency }) => JSON.stringify([coin_id, currency])

/** `1234567.8901` → `1,234,567.8901`, with every digit. */
function grouped(decimal) {
  const [whole, fraction] = decimal.split('.')
  const digits = whole.replace(/\B(?=(\d{3})+(?!\d))/g, ',')
  return fraction === undefined ? digits : `${digits}.${fraction}`
}

const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 })
const short = (decimal) => (decimal === undefined ? '' : compact.format(Number(decimal)))
const percent = (decimal) => (decimal === undefined ? '' : `${decimal.startsWith('-') ? '' : '+'}${Number(decimal).toFixed(2)} %`)

function cells(price) {
  const mark = price.origin === 'simulated' || price.origin === 'manual' ? price.origin : undefined
  const change = price.change_24h_pct
  return [
    element('td', { className: 'name' }, price.coin_id, ...(mark ? [' ', element('span', { className: 'mark' }, mark)] : [])),
    element('td', { className: 'number' }, `${grouped(price.price)} `, element('span', { className: 'soft' }, price.currency)),
    element('td', { className: `number ${change === undefined ? '' : change.startsWith('-') ? 'down' : 'up'}` }, percent(change)),
    element('td', { className: 'number', title: price.market_cap ?? '' }, short(price.market_cap)),
    element('td', { className: 'number', title: price.volume_24h ?? '' }, short(price.volume_24h)),
    element('td', {}, price.source),
    element('td', {}, element('time', { dateTime: price.time }, price.time.slice(0, 19).replace('T', ' '))),
  ]
}

/** Precedence as in the API: 0 a provider's price, 1 a manual one, 2 a simulated one. Only the lowest rank of a coin is shown. */
const rankOf = ({ origin }) => (origin === 'simulated' ? 2 : origin === 'manual' ? 1 : 0)

const outranked = (price) =>
  [...rows.values()].some(({ price: other }) => rankOf(other) < rankOf(price) && pairOf(other) === pairOf(price))

function show(price) {
  const key = keyOf(price)
  const known = rows.get(key)
  if (known ? Date.parse(known.price.time) > Date.parse(price.time) : outranked(price)) return
  const row = known?.row ?? element('tr')
  row.replaceChildren(...cells(price))
  if (known && known.price.price !== price.price) flash(row)
  rows.set(key, { price, row })
  if (!known) insert({ price, row })
  for (const [other, { price: shown }] of rows)
    if (rankOf(shown) > rankOf(price) && pairOf(shown) === pairOf(price)) remove(other)
}

/** Order of the rows: by market capitalisation, the greatest first; coins without one last, by name. */
const precedes = (a, b) => {
  const difference = Number(b.market_cap ?? 0) - Number(a.market_cap ?? 0)
  return difference === 0 ? keyOf(a) < keyOf(b) : difference < 0
}

function insert({ price, row }) {
  let next
  for (const other of rows.values())
    if (other.row !== row && precedes(price, other.price) && (!next || precedes(other.price, next.price))) next = other
  by('prices').insertBefore(row, next?.row ?? null)
}

function remove(key) {
  rows.get(key).row.remove()
  rows.delete(key)
}

function flash(row) {
  row.classList.remove('changed')
  // Reading the layout restarts the animation.
  void row.offsetWidth
  row.classList.add('changed')
}

function showAll(prices) {
  for (const price of prices) show(price)
  for (const origin of ['simulated', 'manual'])
    by(origin).hidden = ![...rows.values()].some(({ price }) => price.origin === origin)
  by('empty').hidden = rows.size > 0
}

/** Loads the latest prices over HTTP, for the case that the stream does not answer. */
async function loadLatest() {
  let after
  do {
    const page = await getJson(
      `/api/v1/prices/latest?limit=1000${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`,
    )
    showAll(page.items)
    freshAt = Date.now()
    after = page.next
  } while (after !== undefined && rows.size < 5000)
}

async function loadStatus() {
  const { version, store, stream, publishers } = await getJson('/api/v1/status')
  const sources = publishers.map(({ source }) => source).join(', ') || 'none yet'
  by('platform').textContent = `Version ${version} · sources: ${sources} · stream: ${stream} · store: ${store}`
}

/** When the last figures came, in milliseconds since 1970. */
let freshAt
let connection = { state: 'connecting' }

const seconds = (ms) => {
  const whole = Math.max(0, Math.round(ms / 1000))
  return whole < 120 ? `${whole} s` : `${Math.floor(whole / 60)} min`
}

/** Shows the state of the connection. Without one the page shows the age of its figures, and turns grey. */
function showConnection() {
  const { state, since, why, nextAt } = connection
  const live = state === 'live'
  document.body.classList.toggle('stale', !live && freshAt !== undefined)
  document.title = live || freshAt === undefined ? TITLE : `⚠ ${TITLE}`
  by('retry').hidden = state !== 'away'
  if (live) return showState('● live')
  const age = freshAt === undefined ? '' : `: figures of ${seconds(Date.now() - freshAt)} ago (${clockOf(freshAt)} UTC)`
  if (state === 'away')
    showState(
      `○ not connected for ${seconds(Date.now() - since)}${why ? ` (${why})` : ''}${age}; next try in ${seconds(nextAt - Date.now())}`,
    )
  else showState(`○ ${why ?? 'connecting …'}${age}`)
}

const clockOf = (time) => new Date(time).toISOString().slice(11, 19)
const TITLE = document.title
const showState = (text) => {
  if (by('connection').textContent !== text) by('connection').textContent = text
}
const failed = (error) => showState(`○ ${error.message}`)

const prices = follow({
  address: `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`,
  subscription: { channel: 'prices' },
  receive(rows) {
    freshAt = Date.now()
    showAll(rows)
  },
  changed(state) {
    if (state.state === 'live') {
      // The figures are up to date, even without new records.
      freshAt = Date.now()
      loadStatus().catch(failed)
    } else if (connection.state === 'connecting') loadLatest().catch(failed)
    connection = state
    showConnection()
  },
})
by('retry').addEventListener('click', prices.now)
setInterval(() => {
  if (connection.state === 'live') freshAt = Date.now()
  showConnection()
}, 1_000)

await Promise.allSettled([loadStatus(), loadAgents()])
setInterval(() => {
  if (connection.state === 'live') Promise.all([loadStatus(), loadAgents()]).catch(failed)
}, 15_000)
