import { type CompletionNode, single } from './tree.ts'

/** The script for bash 3.2 and later: without associative arrays and the package bash-completion. */
export function bashCompletion(nodes: readonly CompletionNode[]): string {
  const paths = nodes.filter(({ path }) => path !== '').map(({ path }) => single(path))
  const words = nodes.map(
    ({ path, commands, options }) =>
      `    ${single(path)}) words=${single([...commands.map(({ word }) => word), ...options.flatMap(({ flags }) => flags)].join(' '))} ;;`,
  )
  const values = nodes.flatMap(({ path, options }) =>
    options.flatMap(({ flags, takes }) => {
      if (takes === 'nothing') return []
      const cases = flags.map((flag) => single(`${path}:${flag}`)).join('|')
      const answer =
        takes === 'anything'
          ? 'COMPREPLY=()'
          : takes === 'files'
            ? 'COMPREPLY=($(compgen -f -- "$current"))'
            : `COMPREPLY=($(compgen -W ${single(takes.join(' '))} -- "$current"))`
      return [`    ${cases}) ${answer}; return ;;`]
    }),
  )
  return `# bash completion of qicore; made by: qicore completion bash
_qicore() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD - 1]}" path='' longer words='' i
  for ((i = 1; i < COMP_CWORD; i++)); do
    longer="\${path:+$path }\${COMP_WORDS[i]}"
    case "$longer" in
    ${paths.join('|')}) path="$longer" ;;
    esac
  done
  case "$path:$previous" in
${values.join('\n')}
  esac
  case "$path" in
${words.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _qicore qicore
`
}
