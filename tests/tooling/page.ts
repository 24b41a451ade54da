import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { CheckoutCopy } from './checkoutCopy.ts'

export interface Block {
  readonly language: string
  /** Name of the file that the block is the text of. */
  readonly file: string | undefined
  readonly text: string
}

/** The fenced blocks of a page, in order: those in a list are indented, which is taken off. */
export function blocksOf(page: string): readonly Block[] {
  return [...page.matchAll(/^( *)```(\w+)(?: file=(\S+))?\n([\s\S]*?)^\1```$/gm)].map(
    ([, indent = '', language = '', file, text = '']) => ({
      language,
      file,
      text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  )
}

export const readPage = (name: string): Promise<string> => readFile(resolve(import.meta.dirname, '../../docs', name), 'utf8')

/**
 * Does each section of a page literally, in order: writes its files, runs its commands, and looks in what they print for each line that
 * the page shows. SQL is for another program, and JSON is to be read.
 */
export function followPage(
  name: string,
  page: string,
  { cwd, run }: { readonly cwd: string; readonly run: (command: string) => Promise<string> },
): void {
  describe(`docs/${name}`, { shuffle: false }, () => {
    const sections = page.split(/^## /m).slice(1)
    test.each(sections.map((section) => [section.split('\n', 1)[0] as string, section]))('%s', async (_, section) => {
      let output = ''
      for (const { language, file, text } of blocksOf(section)) {
        if (file !== undefined) await writeFile(join(cwd, file), text)
        else if (language === 'sql' || language === 'json') continue
        else if (language === 'text') for (const line of text.trim().split('\n')) expect(output).toContain(line)
        else {
          output = ''
          for (const command of text.trim().split('\n')) output += await run(command)
        }
      }
    })
  })
}

/**
 * Does a page literally in a copy of the checkout: writes its files, applies its diffs, runs its commands, and looks in what they print
 * for each line that the page shows.
 */
export async function followInCheckout(page: string, { folder, inCheckout }: CheckoutCopy): Promise<void> {
  let output = ''
  for (const { language, file, text } of blocksOf(page)) {
    if (file !== undefined) {
      await mkdir(dirname(join(folder, file)), { recursive: true })
      await writeFile(join(folder, file), text)
    } else if (language === 'diff') {
      await writeFile(join(folder, 'page.diff'), text)
      // The counts and line numbers of a page are its author's: the context says where.
      await inCheckout('git', 'apply', '--recount', '-C1', 'page.diff')
    } else if (language === 'text') for (const line of text.trim().split('\n')) expect(output).toContain(line)
    else output = await inCheckout('bash', '-euc', text)
  }
}
