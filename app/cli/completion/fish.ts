import type { CompletionNode } from './tree.ts'

/** A text in single quotes for fish, which knows two escapes in them. */
const quoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`

export function fishCompletion(nodes: readonly CompletionNode[]): string {
  const paths = nodes.filter(({ path }) => path !== '').map(({ path }) => quoted(path))
  const lines = nodes.flatMap(({ path, commands, options }) => {
    const at = `complete -c qicore -n ${quoted(`__qicore_at ${quoted(path)}`)}`
    return [
      ...commands.map(({ word, summary }) => `${at} -f -a ${quoted(word)} -d ${quoted(summary)}`),
      ...options.map(({ flags, summary, takes }) => {
        const names = flags.map((flag) => (flag.startsWith('--') ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`)).join(' ')
        const value =
          takes === 'nothing' ? '-f' : takes === 'files' ? '-r' : takes === 'anything' ? '-x' : `-x -a ${quoted(takes.join(' '))}`
        return `${at} ${names} ${value} -d ${quoted(summary)}`
      }),
    ]
  })
  return `# fish completion of qicore; made by: qicore completion fish
function __qicore_at
    set -l typed ''
    for word in (commandline -opc)[2..-1]
        set -l longer (string trim -- "$typed $word")
        if contains -- "$longer" ${paths.join(' ')}
            set typed "$longer"
        end
    end
    test "$typed" = "$argv[1]"
end
${lines.join('\n')}
`
}
