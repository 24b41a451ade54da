import { expect, test } from 'vitest'
import { type Engines, platformOf, serving } from './served.ts'

const platform = platformOf({ store: {}, stream: {} } as unknown as Engines)

test.each(['/', '/docs', '/api/v1/docs'])('%s loads nothing from other servers, and has no inline scripts', async (path) => {
  const { url } = await serving(platform)
  const response = await fetch(url + path)
  const policy = response.headers.get('content-security-policy')
  expect(policy).toMatch(/default-src 'none'.*frame-ancestors 'none'/)
  expect(policy).not.toContain('unsafe')
  expect(response.headers.get('x-content-type-options')).toBe('nosniff')
  const html = await response.text()
  expect(html).not.toMatch(/https?:\/\/|<script>|<style| style=| on\w+=/)
  const files = [...html.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, file]) => file as string)
  expect(files.length).toBeGreaterThan(2)
  for (const file of files) {
    const asset = await fetch(url + file)
    expect([file, asset.status]).toEqual([file, 200])
    const text = await asset.text()
    for (const [, imported] of text.matchAll(/^import .* from '\.(\/[^']+)'$/gm))
      if (!files.includes(`/assets${imported}`)) files.push(`/assets${imported}`)
    // Namespaces of SVG are names, not addresses.
    expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\//)
  }
})

test('an unknown file is not found', async () => {
  const { url } = await serving(platform)
  expect((await fetch(`${url}/assets/none.js`)).status).toBe(404)
  expect((await fetch(`${url}/assets/..%2f..%2fpages.ts`)).status).toBe(404)
})

test.each(['/', '/docs', '/assets/docs.js', '/openapi.json', '/api/v1/openapi.json'])(
  '%s is revalidated each time, and sent only if it changed',
  async (path) => {
    const { url } = await serving(platform)
    const first = await fetch(url + path)
    expect(first.headers.get('cache-control')).toBe('private, no-cache')
    const etag = first.headers.get('etag') as string
    const known = await fetch(url + path, { headers: { 'if-none-match': etag } })
    expect([known.status, known.headers.get('etag'), await known.text()]).toEqual([304, etag, ''])
    const changed = await fetch(url + path, { headers: { 'if-none-match': 'W/"another"' } })
    expect([changed.status, await changed.text()]).toEqual([200, await first.text()])
  },
)

const BROWSER = { headers: { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' } }

test('an unknown address gives a browser a page without markup of the address, and a program a problem', async () => {
  const { url } = await serving(platform)
  const page = await fetch(`${url}/docz/<script>`, BROWSER)
  expect([page.status, page.headers.get('content-type')]).toEqual([404, 'text/html; charset=utf-8'])
  const html = await page.text()
  expect(html).toContain('there is nothing at /docz/')
  expect(html).not.toMatch(/<script/)
  const problem = await fetch(`${url}/docz`)
  expect([problem.status, problem.headers.get('content-type')]).toEqual([404, 'application/problem+json'])
})

test.each(['up', 'down'] as const)('a browser gets the health as a page, with the HTTP status of a probe: %s', async (status) => {
  const unwell = {
    ...platform,
    health: async () => ({ status, parts: [{ name: 'store', status, since: 0, summary: 'it is' }] }),
  }
  const { url } = await serving(unwell)
  const expected = status === 'down' ? 503 : 200
  const page = await fetch(`${url}/health`, BROWSER)
  expect([page.status, page.headers.get('content-type')]).toEqual([expected, 'text/html; charset=utf-8'])
  expect(page.headers.get('content-security-policy')).not.toContain('unsafe')
  expect(await page.text()).toContain('/assets/health.js')
  const json = await fetch(`${url}/health`)
  expect([json.status, json.headers.get('content-type')]).toEqual([expected, 'application/json; charset=utf-8'])
  expect(await json.json()).toMatchObject({ status })
})
