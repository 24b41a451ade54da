import { loadAgents } from './agents.js'
import { element, getJson } from './page.js'

const by = (id) => document.getElementById(id)
const rows = new Map()

const keyOf = ({ coin_id, source, currency }) => JSON.stringify([coin_id, currency, source])
const pairOf = ({ coin_id, currency }) => JSON.stringify([coin_id, currency])

/** `1234567.8901` → `1,234,567.8901`: every digit stays. */
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

/** 0 is the word of a provider; handed-in figures give way to it, and simulated ones to both, as they do in the API. */
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

/** The largest first; what has no capitalisation comes after, by name. */
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
  // Reading the layout lets the same animation start anew.
  void row.offsetWidth
  row.classList.add('changed')
}

function showAll(prices) {
  for (const price of prices) show(price)
  for (const origin of ['simulated', 'manual'])
    by(origin).hidden = ![...rows.values()].some(({ price }) => price.origin === origin)
  by('empty').hidden = rows.size > 0
}

async function loadLatest() {
  let after
  do {
    const page = await getJson(
      `/api/v1/prices/latest?limit=1000${after === undefined ? '' : `&after=${encodeURIComponent(after)}`}`,
    )
    showAll(page.items)
    after = page.next
  } while (after !== undefined && rows.size < 5000)
}

async function loadStatus() {
  const { version, store, stream, publishers } = await getJson('/api/v1/status')
  const sources = publishers.map(({ source }) => source).join(', ') || 'none yet'
  by('platform').textContent = `Version ${version} · sources: ${sources} · stream: ${stream} · store: ${store}`
}

const said = (text) => {
  by('connection').textContent = text
}

function connect(waitMs = 1000) {
  const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/ws`)
  let again = waitMs
  socket.addEventListener('open', () => socket.send(JSON.stringify({ type: 'subscribe', channel: 'prices', batch: true })))
  socket.addEventListener('message', ({ data }) => {
    const message = JSON.parse(data)
    if (message.type === 'records') showAll(message.data)
    else if (message.type === 'subscribed') {
      again = 1000
      said('● live')
      // What was appended while nobody listened.
      loadLatest().catch(failed)
      loadStatus().catch(failed)
    } else if (message.type === 'interrupted') said(`○ ${message.message}`)
    else if (message.type === 'resumed') said('● live')
    else if (message.type === 'error') {
      said(`○ ${message.error.message}`)
      socket.close()
    }
  })
  socket.addEventListener('close', ({ reason }) => {
    said(`○ not connected${reason ? ` (${reason})` : ''}; trying again`)
    setTimeout(connect, again, Math.min(again * 2, 15_000))
  })
}

const failed = (error) => said(`○ ${error.message}`)

await Promise.allSettled([loadLatest(), loadStatus(), loadAgents()])
connect()
setInterval(() => Promise.all([loadStatus(), loadAgents()]).catch(failed), 15_000)
