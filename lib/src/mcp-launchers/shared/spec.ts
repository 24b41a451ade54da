/** A server that we start as a child, and speak to over its stdin and stdout. */
export interface CommandSpec {
  readonly command: string
  readonly args?: readonly string[]
  /** Set for the child, whatever our own environment holds. */
  readonly env?: Readonly<Record<string, string>>
  /** Names of variables of our own environment that the child may see as well, beside PATH, HOME and the like. */
  readonly passEnv?: readonly string[]
  readonly cwd?: string
}

/** A server that runs elsewhere, spoken to over Streamable HTTP. */
export interface UrlSpec {
  readonly url: string
  readonly headers?: Readonly<Record<string, string>>
}

export type ServerSpec = CommandSpec | UrlSpec

export const isUrlSpec = (spec: ServerSpec): spec is UrlSpec => 'url' in spec

/** Variables that a child needs to run at all; they hold no secrets. */
const ALWAYS = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'SHELL',
  'LANG',
  'LC_ALL',
  'TZ',
  'TMPDIR',
  'TEMP',
  'TMP',
  'SYSTEMROOT',
  'APPDATA',
  'LOCALAPPDATA',
  'USERPROFILE',
  'PATHEXT',
]

/** The whole environment of a child: an allow-list, so that no key of ours reaches a server that was not given it. */
export function childEnvironment(
  { env = {}, passEnv = [] }: Pick<CommandSpec, 'env' | 'passEnv'>,
  own: Readonly<Record<string, string | undefined>> = process.env,
): Record<string, string> {
  const allowed = [...ALWAYS, ...passEnv].flatMap((name) => (own[name] === undefined ? [] : [[name, own[name]] as const]))
  return { ...Object.fromEntries(allowed), ...env }
}
