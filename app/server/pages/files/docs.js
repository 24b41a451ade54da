import { element, getJson } from './page.js'

const by = (id) => document.getElementById(id)
const code = (text) => element('code', {}, text)
const heading = (text) => element('h3', {}, text)
const nameOf = (ref) => ref.split('/').at(-1)

/** `array of Price`, `string (date-time)`, `one of usd, eur`. */
function typeOf(schema = {}) {
  if (schema.$ref) return nameOf(schema.$ref)
  if (schema.const !== undefined) return JSON.stringify(schema.const)
  if (schema.enum) return `one of ${schema.enum.join(', ')}`
  if (schema.oneOf ?? schema.anyOf) return (schema.oneOf ?? schema.anyOf).map(typeOf).join(' or ')
  if (schema.type === 'array') return `array of ${typeOf(schema.items)}`
  const type = schema.type ?? (schema.format ? 'string' : 'anything')
  return schema.format ? `${type} (${schema.format})` : type
}

function typeNode(schema) {
  const inner = schema?.type === 'array' ? schema.items : schema
  if (!inner?.$ref) return element('span', { className: 'soft' }, typeOf(schema))
  const link = element('a', { href: `#${nameOf(inner.$ref)}` }, nameOf(inner.$ref))
  return element('span', { className: 'soft' }, schema.type === 'array' ? 'array of ' : '', link)
}

/** The properties of an object, nested objects indented. */
function properties(schema) {
  const list = element('dl')
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    const inner = field.type === 'array' ? field.items : field
    const optional = schema.required?.includes(name) ? '' : '?'
    const said = element('dd', {}, typeNode(field), field.description ? ` · ${field.description}` : '')
    if (inner?.properties) said.append(properties(inner))
    list.append(element('dt', {}, code(`${name}${optional}`)), said)
  }
  return list
}

function schemaNodes(schema) {
  if (schema.properties) return [properties(schema)]
  if (schema.oneOf)
    return schema.oneOf.map((choice) =>
      element('div', {}, heading(choice.properties.type.const), choice.description ?? '', properties(choice)),
    )
  return [element('p', {}, typeNode(schema))]
}

function inputFor({ name, schema, required }) {
  const choices = schema.enum ?? (schema.type === 'boolean' ? ['true', 'false'] : undefined)
  const field = choices
    ? element(
        'select',
        { name, required },
        element('option', { value: '' }, ''),
        ...choices.map((value) => element('option', { value }, value)),
      )
    : element('input', { name, required, placeholder: schema.default === undefined ? '' : String(schema.default) })
  return element('label', {}, `${name}${required ? '' : ' (optional)'}`, field)
}

/** The request that a filled form describes. */
function requestOf(method, path, parameters, form) {
  const given = new FormData(form)
  const filled = (place) =>
    parameters.filter((one) => one.in === place && given.get(one.name)).map(({ name }) => [name, given.get(name)])
  const url = filled('path').reduce((so, [name, value]) => so.replace(`{${name}}`, encodeURIComponent(value)), path)
  const query = new URLSearchParams(filled('query'))
  const headers = Object.fromEntries(filled('header'))
  const body = given.get(BODY)
  return {
    url: query.size > 0 ? `${url}?${query}` : url,
    init: {
      method,
      headers: body === null ? headers : { ...headers, 'content-type': 'application/json' },
      body: body ?? undefined,
    },
  }
}

/** Name of the field that holds the body. */
const BODY = 'request-body'

/** Sends the request that the form describes and shows what came back. */
function tryIt(method, path, { parameters = [], requestBody }) {
  const output = element('pre', { hidden: true })
  const fields = parameters.map(inputFor)
  if (requestBody) fields.push(element('label', {}, 'body, as JSON', element('textarea', { name: BODY, value: '{}' })))
  const form = element('form', {}, ...fields, element('button', {}, 'Send'))
  form.addEventListener('submit', async (event) => {
    event.preventDefault()
    const { url, init } = requestOf(method, path, parameters, form)
    output.hidden = false
    output.textContent = `${method} ${url} …`
    const started = performance.now()
    try {
      const response = await fetch(url, init)
      const text = await response.text()
      const took = Math.round(performance.now() - started)
      const json = response.headers.get('content-type')?.includes('json')
      output.textContent = `${method} ${url}\n${response.status} · ${took} ms\n\n${json ? JSON.stringify(JSON.parse(text), null, 2) : text}`
    } catch (error) {
      output.textContent = `${method} ${url}\n${error.message}`
    }
  })
  return [heading('Try it'), form, output]
}

function operationNode(method, path, operation) {
  const body = element('div')
  for (const paragraph of (operation.description ?? '').split('\n\n').filter(Boolean))
    body.append(element('p', {}, paragraph.replaceAll('`', '')))
  if (operation.parameters) {
    const list = element('dl')
    for (const { name, required, schema, description } of operation.parameters) {
      const preset = schema.default === undefined ? '' : ` · default ${schema.default}`
      list.append(
        element('dt', {}, code(`${name}${required ? '' : '?'}`)),
        element('dd', {}, typeNode(schema), ` · ${description ?? ''}${preset}`),
      )
    }
    body.append(heading('Parameters'), list)
  }
  body.append(heading('Answers'))
  for (const [status, { description, content }] of Object.entries(operation.responses)) {
    const [type, media] = Object.entries(content ?? {})[0] ?? []
    body.append(element('p', {}, code(status), ` ${description} `, element('span', { className: 'soft' }, type ?? '')))
    if (media?.schema.properties) body.append(properties(media.schema))
  }
  if (path !== '/ws') body.append(...tryIt(method, path, operation))
  return element(
    'details',
    { id: operation.operationId },
    element('summary', {}, code(`${method} ${path}`), operation.summary),
    body,
  )
}

async function load() {
  const document = await getJson('/api/v1/openapi.json')
  by('version').textContent = document.info.version
  by('about').replaceChildren(
    ...document.info.description.split('\n\n').map((paragraph) => element('p', {}, paragraph.replaceAll('`', ''))),
  )
  by('operations').replaceChildren(
    ...Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => operationNode(method.toUpperCase(), path, operation)),
    ),
  )
  by('schemas').replaceChildren(
    ...Object.entries(document.components.schemas).map(([name, schema]) =>
      element(
        'details',
        { id: name },
        element('summary', {}, code(name), schema.description ?? ''),
        element('div', {}, ...schemaNodes(schema)),
      ),
    ),
  )
  openTarget()
}

/** A link to a schema or an operation opens it. */
function openTarget() {
  const target = location.hash.length > 1 ? by(decodeURIComponent(location.hash.slice(1))) : null
  if (!target) return
  target.open = true
  target.scrollIntoView()
}

addEventListener('hashchange', openTarget)
try {
  await load()
} catch (error) {
  by('operations').replaceChildren(element('p', { className: 'notice' }, error.message))
}
