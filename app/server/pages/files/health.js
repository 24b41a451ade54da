import { element } from './page.js'

const by = (id) => document.getElementById(id)
const EVERY_MS = 5_000

const mark = (status) => element('span', { className: { up: 'up', down: 'down' }[status] ?? 'mark' }, status)

const row = ({ name, status, since, summary, action }) =>
  element(
    'tr',
    {},
    element('td', {}, name),
    element('td', {}, mark(status)),
    element('td', {}, element('time', { dateTime: since }, since.slice(0, 19).replace('T', ' '))),
    element('td', { className: 'why' }, summary ?? ''),
    element('td', { className: 'why' }, action ?? ''),
  )

/** Loads the health again and again while the page is open, also while the platform is down. */
async function load() {
  try {
    const response = await fetch('/health', { headers: { accept: 'application/json' } })
    const { status, version, parts } = await response.json()
    by('version').textContent = version
    by('status').replaceChildren('The platform is ', mark(status), '.')
    by('parts').replaceChildren(...parts.map(row))
  } catch (error) {
    by('status').textContent = `The server does not answer: ${error.message}`
  }
  setTimeout(load, EVERY_MS)
}

load()
