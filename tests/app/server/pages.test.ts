import { expect, test } from 'vitest'
import { type Engines, platformOf, serving } from './served.ts'

const platform = platformOf({ store: {}, stream: {} } as unknown as Engines)

test.each(['/', '/api/v1/docs'])('%s needs nothing from elsewhere, and allows nothing inline', async (path) => {
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
