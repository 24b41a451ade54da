const HIDDEN = '***'

/** Parameters of a URL that may hold a secret. */
const SECRET_PARAMETER = /[?&#;][^=&#;]*(?:pass|pwd|secret|token|key|auth|sign|cred)[^=&#;]*=/i

/**
 * An address, or several in one text, with `***` for whatever may be secret. It never trusts the parts that a URL parser sees: a
 * password may hold any character, also those that end it for the parser. All between the first `:` after the user and the last `@` is
 * hidden, and all after the name of a secret parameter; but for databases the user, too. Rather too much is hidden than too little. Other texts come back as they are.
 */
export function maskUrl(text: string): string {
  const scheme = /^\s*([a-z][a-z0-9+.-]*):\/\//i.exec(text)
  const lastAt = text.lastIndexOf('@')
  if (!scheme && !text.includes('://') && !(text.includes(':') && lastAt >= 0)) return text
  const from = scheme?.[0].length ?? 0
  if (lastAt < from) return maskParameters(text, from)
  const colon = text.indexOf(':', from)
  const named = scheme === null || /^postgres/i.test(scheme[1] as string)
  // The user of an HTTP address may be a token; that of a database is a name.
  const start = !named ? from : colon >= 0 && colon < lastAt ? colon + 1 : undefined
  if (start === undefined) return maskParameters(text, from)
  const parameter = SECRET_PARAMETER.exec(text.slice(from))
  // Either the password holds a `?` or the parameter holds an `@`.
  const ambiguous = parameter !== null && from + parameter.index < lastAt
  return text.slice(0, start) + HIDDEN + (ambiguous ? '' : maskParameters(text.slice(lastAt), 0))
}

function maskParameters(text: string, from: number): string {
  const found = SECRET_PARAMETER.exec(text.slice(from))
  return found ? text.slice(0, from + found.index + found[0].length) + HIDDEN : text
}

/** A value of a setting as it may be shown: what looks like an address is masked, in lists and objects, too. */
export function maskValue(value: unknown): unknown {
  if (typeof value === 'string') return maskUrl(value)
  if (Array.isArray(value) && value.every((item) => typeof item === 'string')) {
    // A comma in a password may have split one address into several entries.
    const [whole, masked] = [value.join(','), maskUrl(value.join(','))]
    return masked === whole ? value : masked
  }
  if (Array.isArray(value)) return value.map(maskValue)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, maskValue(item)]))
}

/** The password in the address of a server, as it is written and decoded. */
export function passwordsIn(address: string): string[] {
  const from = /^\s*[a-z][a-z0-9+.-]*:\/\//i.exec(address)?.[0].length ?? 0
  const [colon, lastAt] = [address.indexOf(':', from), address.lastIndexOf('@')]
  const user = colon >= 0 && colon < lastAt ? [address.slice(colon + 1, lastAt)] : []
  const parameters = URL.parse(address)?.searchParams ?? []
  const named = [...parameters].filter(([name]) => SECRET_PARAMETER.test(`?${name}=`)).map(([, value]) => value)
  return [...user, ...named].flatMap((found) => [found, decoded(found) ?? found])
}

/**
 * The problem and remedy for an address whose password holds characters that end it for a URL parser; undefined where all is
 * well. Such an address would name another server, and part of the password would be its host.
 */
export function passwordProblem(address: string): string | undefined {
  const rest = address.replace(/^\s*[a-z][a-z0-9+.-]*:\/\//i, '')
  const user = rest.slice(0, rest.lastIndexOf('@') + 1)
  const remedy = 'in a user or password write %40 for @, %2F for /, %3A for :, %3F for ?, %23 for # and %25 for %'
  if (/[/?#]/.test(user)) return `an @ follows a /, ? or #: ${remedy}`
  if (decoded(user) === undefined) return `a % is not followed by two hexadecimal digits: ${remedy}`
  return undefined
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** Words that stand in messages of ours and of servers anyway: hiding them would hide the message. */
const WORDS = new Set([
  'postgres',
  'postgresql',
  'password',
  'secret',
  'token',
  'qicore',
  'admin',
  'localhost',
  'user',
  'test',
  'database',
])
const LEAST_LENGTH = 4

const known = new Set<string>()

/** Remembers secrets for the life of the process: no error and no line of the log shows them from now on, whoever quotes them. */
export function protectSecrets(secrets: Iterable<string | undefined>): void {
  for (const secret of secrets) {
    if (secret === undefined || secret.length < LEAST_LENGTH || WORDS.has(secret.toLowerCase())) continue
    // As it stands in a URL, in JSON, and in what was parsed from either.
    for (const form of [secret, encodeURIComponent(secret), JSON.stringify(secret).slice(1, -1), decoded(secret) ?? secret])
      known.add(form)
  }
}

/** A text without the secrets that are known; longer ones first, since one may hold another. */
export function withoutSecrets(text: string): string {
  if (known.size === 0) return text
  let clean = text
  for (const secret of [...known].sort((a, b) => b.length - a.length)) clean = clean.replaceAll(secret, HIDDEN)
  return clean
}
