// Checks the words of comments and pages: openings of sentences, and words of the old voice. `node scripts/lint-words.mjs [PATH…]`
import { join, relative, resolve } from 'node:path'
import { checkWords } from './support/words.mjs'

const root = join(import.meta.dirname, '..')
const paths = process.argv.slice(2).map((path) => relative(root, resolve(path)))
const { files, offences } = checkWords(root, paths.length > 0 ? paths : undefined)
for (const line of offences) console.error(line)
if (files === 0) console.error('words: no file was read; name a folder or a file')
else
  console.log(offences.length === 0 ? `words: ${files} files, all plain` : `words: ${files} files, ${offences.length} offences`)
process.exitCode = offences.length > 0 || files === 0 ? 1 : 0
