import { element } from './page.js'

/** Name of the field that holds the body. */
const BODY = 'request-body'
/** Longest text of an answer that is shown. */
const MOST_SHOWN = 200_000

function inputFor({ name, schema, required }) {
  const choices = schema.enum ?? (schema.type === 'boolean' ? ['true', 'false'] : undefined)
  const preset = schema.default === undefined ? undefined : String(schema.default)
  const option = (value) => element('option', { value, defaultSelected: value === preset }, String(value))
  const field = choices
    ? element(
        'select',
        { name, required },
        ...(preset === undefined ? [option('')] : []),
        ...choices.map((one) => option(String(one))),
      )
    : element('input', { name, required, placeholder: preset ?? '', autocomplete: 'off' })
  return element('label', {}, `${name}${required ? '' : ' (optional)'}`, field)
}

/** The request of a filled form, without fields that have their defaults. */
function requestOf(method, path, parameters, form) {
  const given = new FormData(form)
  const filled = (place) =>
    parameters
      .filter(({ name, in: at, schema }) => at === place && given.get(name) && given.get(name) !== String(schema.default))
      .map(({ name }) => [name, given.get(name)])
  const shown = filled('path').reduce((so, [name, value]) => so.replace(`{${name}}`, encodeURIComponent(value)), path)
  const query = new URLSearchParams(filled('query'))
  const headers = Object.fromEntries(filled('header'))
  const body = given.get(BODY) ?? undefined
  if (body !== undefined) headers['content-type'] = 'application/json'
  return { method, url: query.size > 0 ? `${shown}?${query}` : shown, headers, body }
}

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`

/** The same request in other languages. */
const LANGUAGES = {
  curl: ({ method, url, headers, body }) =>
    [
      `curl ${method === 'GET' ? '' : `-X ${method} `}${quoted(location.origin + url)}`,
      ...Object.entries(headers).map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`),
      ...(body === undefined ? [] : [`-d ${quoted(body)}`]),
    ].join(' '),
  Python: ({ method, url, headers, body }) =>
    `requests.${method.toLowerCase()}(${[
      JSON.stringify(location.origin + url),
      ...(Object.keys(headers).length > 0 ? [`headers=${JSON.stringify(headers)}`] : []),
      ...(body === undefined ? [] : [`data=${JSON.stringify(body)}`]),
    ].join(', ')}).text`,
  TypeScript: ({ method, url, headers, body }) => {
    const options = { ...(method !== 'GET' && { method }), ...(Object.keys(headers).length > 0 && { headers }), body }
    const second = JSON.stringify(options) === '{}' ? '' : `, ${JSON.stringify(options)}`
    return `await (await fetch(${JSON.stringify(location.origin + url)}${second})).text()`
  },
}

function copyLine(language, textOf) {
  const shown = element('code', {})
  const button = element('button', { type: 'button', ariaLabel: `Copy as ${language}` }, 'Copy')
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(shown.textContent)
    button.textContent = 'Copied'
  })
  const refresh = () => {
    shown.textContent = textOf()
    button.textContent = 'Copy'
  }
  return { node: element('div', { className: 'line' }, element('span', { className: 'soft' }, language), shown, button), refresh }
}

/** Links that download the answer as files, if the operation has other formats. */
function downloads(path, types, urlOf) {
  const suffixes = { 'text/csv': 'csv', 'application/x-ndjson': 'ndjson', 'application/vnd.apache.parquet': 'parquet' }
  return types
    .filter((type) => suffixes[type])
    .map((type) => {
      const link = element('a', { download: '' }, suffixes[type])
      const refresh = () => {
        link.href = urlOf().replace(path, `${path}.${suffixes[type]}`)
      }
      return { node: link, refresh }
    })
}

/** A form for a request, the request in other languages, its answer as files, and the answer itself. */
export function tryIt(method, path, { operationId, parameters = [], requestBody, responses }) {
  const output = element('pre', { hidden: true, tabIndex: 0, ariaLabel: `Answer of ${operationId}` })
  const fields = parameters.filter(({ name }) => name !== 'if-none-match').map(inputFor)
  if (requestBody) fields.push(element('label', {}, 'body, as JSON', element('textarea', { name: BODY, value: '{}' })))
  const form = element('form', {}, ...fields, element('button', {}, 'Send'))
  const request = () => requestOf(method, path, parameters, form)
  const lines = Object.entries(LANGUAGES).map(([language, textOf]) => copyLine(language, () => textOf(request())))
  const files = downloads(path, Object.keys(responses['200']?.content ?? {}), () => request().url)
  const refresh = () => {
    for (const each of [...lines, ...files]) each.refresh()
  }
  form.addEventListener('input', refresh)
  refresh()
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    send(request(), output)
  })
  const save = files.length > 0 ? [element('p', { className: 'files' }, 'Download ', ...files.map(({ node }) => node))] : []
  return [form, ...save, ...lines.map(({ node }) => node), output]
}

async function send({ method, url, headers, body }, output) {
  output.hidden = false
  output.textContent = `${method} ${url} …`
  const started = performance.now()
  try {
    const response = await fetch(url, { method, headers, body })
    const text = await response.text()
    const took = Math.round(performance.now() - started)
    const json = /[/+]json/.test(response.headers.get('content-type') ?? '')
    const shown = json ? JSON.stringify(JSON.parse(text), null, 2) : text
    output.textContent = `${method} ${url}\n${response.status} · ${took} ms\n\n${shown.slice(0, MOST_SHOWN)}`
  } catch (error) {
    output.textContent = `${method} ${url}\n${error.message}`
  }
}
