import { type CompletionNode, single } from './tree.ts'

/** `word:summary` for _describe; a colon in the word would end it. */
const described = (word: string, summary: string): string => single(`${word.replaceAll(':', '\\:')}:${summary}`)

export function zshCompletion(nodes: readonly CompletionNode[]): string {
  const paths = nodes.filter(({ path }) => path !== '').map(({ path }) => single(path))
  const words = nodes.map(
    ({ path, commands, options }) => `    ${single(path)})
      commands=(${commands.map(({ word, summary }) => described(word, summary)).join(' ')})
      flags=(${options.flatMap(({ flags, summary }) => flags.map((flag) => described(flag, summary))).join(' ')}) ;;`,
  )
  const values = nodes.flatMap(({ path, options }) =>
    options.flatMap(({ flags, takes }) => {
      if (takes === 'nothing') return []
      const cases = flags.map((flag) => single(`${path}:${flag}`)).join('|')
      const answer =
        takes === 'anything' ? '_message value' : takes === 'files' ? '_files' : `compadd -- ${takes.map(single).join(' ')}`
      return [`    ${cases}) ${answer}; return ;;`]
    }),
  )
  return `#compdef qicore
# zsh completion of qicore; made by: qicore completion zsh
_qicore() {
  local typed='' longer i
  local -a commands flags
  for ((i = 2; i < CURRENT; i++)); do
    longer="\${typed:+$typed }\${words[i]}"
    case "$longer" in
    ${paths.join('|')}) typed="$longer" ;;
    esac
  done
  case "$typed:\${words[CURRENT - 1]}" in
${values.join('\n')}
  esac
  case "$typed" in
${words.join('\n')}
  esac
  if [[ "$PREFIX" == -* ]]; then
    _describe -o option flags
  elif ((\${#commands})); then
    _describe command commands
  else
    _files
  fi
}
if [[ "\${funcstack[1]}" == _qicore ]]; then
  _qicore "$@"
else
  compdef _qicore qicore
fi
`
}
