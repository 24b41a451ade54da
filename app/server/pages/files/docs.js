import { element, getJson } from './page.js'
import { tryIt } from './tryIt.js'
import { code, plain, schemaNode, typeNode } from './types.js'

const by = (id) => document.getElementById(id)
const heading = (text) => element('h3', {}, text)
const paragraphs = (text = '') =>
  text
    .split('\n\n')
    .filter(Boolean)
    .map((one) => element('p', {}, plain(one)))

/** Operations that stream until the client leaves; they have no form. */
const ENDLESS = ['/ws', '/api/v1/live']

function parameterList(parameters) {
  const list = element('dl')
  for (const { name, required, schema, description } of parameters) {
    const preset = schema.default === undefined ? '' : ` · default ${schema.default}`
    list.append(
      element('dt', {}, code(`${name}${required ? '' : '?'}`)),
      element('dd', {}, typeNode(schema), ` · ${plain(description ?? '')}${preset}`),
    )
  }
  return list
}

function answerNode([status, { description, content }]) {
  const types = Object.keys(content ?? {})
  const schema = content?.[types[0]]?.schema
  const shown = schema?.$ref ? [' ', typeNode(schema)] : []
  return element(
    'p',
    {},
    code(status),
    ` ${plain(description)} `,
    ...shown,
    element('span', { className: 'soft' }, ` ${types.join(', ')}`),
  )
}

function operationNode(method, path, operation) {
  const answers = Object.entries(operation.responses)
  const good = answers.filter(([status]) => Number(status) < 400)
  const errors = answers.filter(([status]) => Number(status) >= 400)
  const body = element('div', {}, ...paragraphs(operation.description))
  if (!ENDLESS.includes(path)) body.append(...tryIt(method, path, operation))
  if (operation.parameters) body.append(heading('Parameters'), parameterList(operation.parameters))
  body.append(
    heading('Answers'),
    ...good.map(answerNode),
    element('details', {}, element('summary', {}, `${errors.length} errors`), element('div', {}, ...errors.map(answerNode))),
  )
  const node = element(
    'details',
    { id: operation.operationId, className: 'operation' },
    element('summary', {}, code(`${method} ${path}`), plain(operation.summary)),
  )
  // Filled when it is opened, because the forms of all operations are many elements.
  node.addEventListener('toggle', () => node.open && node.children.length === 1 && node.append(body), { once: true })
  node.dataset.words = `${method} ${path} ${operation.operationId} ${operation.summary}`.toLowerCase()
  return node
}

function groupNode({ name, description }, operations) {
  return element(
    'section',
    { className: 'group' },
    element('h2', {}, name),
    element('p', { className: 'soft' }, description),
    ...operations,
  )
}

/** Shows the operations that contain every word of the text. */
function search(text) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean)
  let found = 0
  for (const group of document.querySelectorAll('.group')) {
    const operations = [...group.querySelectorAll('.operation')]
    for (const one of operations) one.hidden = !words.every((word) => one.dataset.words.includes(word))
    const shown = operations.filter(({ hidden }) => !hidden).length
    group.hidden = shown === 0
    found += shown
  }
  by('found').textContent = words.length === 0 ? '' : `${found} found`
}

async function load() {
  const described = await getJson('/api/v1/openapi.json')
  by('version').textContent = described.info.version
  by('about').replaceChildren(...paragraphs(described.info.description))
  const operations = Object.entries(described.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  )
  by('operations').replaceChildren(
    ...described.tags.map((tag) => {
      const own = operations.filter(({ operation }) => operation.tags.includes(tag.name))
      return groupNode(
        tag,
        own.map(({ method, path, operation }) => operationNode(method, path, operation)),
      )
    }),
  )
  by('schemas').replaceChildren(...Object.entries(described.components.schemas).map(([name, schema]) => schemaNode(name, schema)))
  by('search').addEventListener('input', ({ target }) => search(target.value))
  openTarget()
}

/** Opens the schema or operation that the address links to. */
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
