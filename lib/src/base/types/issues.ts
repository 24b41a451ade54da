import type { z } from 'zod'

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  number: 'a number',
  int: 'a whole number',
  bigint: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
  date: 'a time',
}

const kindOf = (name: string): string => KINDS[name] ?? name

/** zod's own sentences, each with ours. A message that a schema of ours gives matches none of them. */
const WORDINGS: readonly (readonly [RegExp, (...groups: string[]) => string])[] = [
  [
    /^Invalid option: expected one of (.*)$/s,
    (options = '') => `expected one of ${options.replaceAll('"', '').replaceAll('|', ', ')}`,
  ],
  [/^Invalid input: expected (\w+), received undefined$/, (kind = '') => `is missing; give it ${kindOf(kind)}`],
  [/^Invalid input: expected (\w+)(?:, received \w+)?$/, (kind = '') => `expected ${kindOf(kind)}`],
  [/^Invalid input: expected (.+)$/s, (what = '') => `expected ${what}`],
  [/^Invalid input$/, () => 'has none of the forms that are accepted'],
  [
    /^Too (?:small|big): expected \w+ to (?:be|have) ([<>]=?)(\S+)(?: (\w+))?$/,
    (sign = '', limit = '', what) => limitOf(sign, limit, what),
  ],
  [/^Invalid string: must (.+)$/s, (what = '') => `must ${what.replace(/^match pattern .*$/s, 'have another form')}`],
  [/^Invalid number: must be a multiple of (\S+)$/, (step = '') => `must be a multiple of ${step}`],
  [/^Unrecognized keys?: (.+)$/s, (keys = '') => `has unknown names: ${keys.replaceAll('"', '')}`],
  [/^Invalid (?:key|element|entry|value) in (\w+)$/, (kind = '') => `holds a value that is not accepted (${kindOf(kind)})`],
  [
    /^Invalid (URL|UUID|email address|ISO \w+|IPv[46] address)$/,
    (what = '') => `expected ${/^[AEI]/.test(what) ? 'an' : 'a'} ${what}`,
  ],
]

const SIGNS: Readonly<Record<string, string>> = { '>=': 'at least', '<=': 'at most', '>': 'more than', '<': 'less than' }

const limitOf = (sign: string, limit: string, what: string | undefined): string =>
  `${what ? 'must have' : 'must be'} ${SIGNS[sign]} ${limit}${what ? ` ${limit === '1' ? what.replace(/s$/, '') : what}` : ''}`

/**
 * Words a validation issue for people, with value and expectation: the one place where zod's own sentences are put into ours.
 * @param absenceTold true where the text before it says already that there is no value
 */
export function wordIssue(issue: Pick<z.core.$ZodIssue, 'message'>, absenceTold = false): string {
  // Why a name is refused stands one level deeper.
  const [inner] =
    (issue as Partial<z.core.$ZodIssueInvalidKey>).code === 'invalid_key' ? (issue as z.core.$ZodIssueInvalidKey).issues : []
  if (inner) return wordIssue(inner)
  const { message } = issue
  if (absenceTold) return wordIssue({ message: message.replace(/, received undefined$/, '') })
  for (const [pattern, word] of WORDINGS) {
    const match = pattern.exec(message)
    if (match) return word(...match.slice(1))
  }
  return message
}
