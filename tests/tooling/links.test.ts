import { globSync } from 'node:fs'
import { readFile, stat } from 'node:fs/promises'
import { dirname, join, relative, resolve } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const pages = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT })

/** The anchor of a heading, as code hosts make it. */
const anchorOf = (heading: string): string =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

const withoutCode = (page: string): string => page.replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '').replaceAll(/`[^`\n]*`/g, '')

async function isThere(page: string, link: string): Promise<boolean> {
  const [path = '', anchor] = link.split('#')
  const file = path === '' ? join(ROOT, page) : resolve(ROOT, dirname(page), path)
  const found = await stat(file).catch(() => undefined)
  if (!found) return false
  if (anchor === undefined || !found.isFile()) return true
  const headings = (await readFile(file, 'utf8')).matchAll(/^#+ (.*)$/gm)
  return [...headings].some(([, heading = '']) => anchorOf(heading) === anchor)
}

test('pages are found', () => expect(pages.length).toBeGreaterThan(30))

test.each(pages)('the links of %s lead somewhere', async (page) => {
  const text = withoutCode(await readFile(join(ROOT, page), 'utf8'))
  const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link as string)
  const broken: string[] = []
  for (const link of links)
    if (!/^(https?|mailto):/.test(link) && !(await isThere(page, link))) broken.push(`${relative('.', page)}: ${link}`)
  expect(broken).toEqual([])
})

/** The main pages lead to every other. */
test('every page is reached from the README', async () => {
  const linked = withoutCode(await readFile(join(ROOT, 'README.md'), 'utf8'))
  const left = pages.filter((page) => /^docs\/[^/]+\.md$/.test(page) && !linked.includes(`(${page})`))
  expect(left).toEqual([])
})
