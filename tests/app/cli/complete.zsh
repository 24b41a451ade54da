# complete.zsh SCRIPT TYPED: the words that zsh offers behind TYPED, with the completion SCRIPT loaded. Completion needs a terminal, so
# it runs in a zsh behind a pseudo-terminal, in which compadd prints what it is given.
zmodload zsh/zpty
zpty z zsh -f -i
() {
zpty -w z "source $1"
repeat 6; do
  zpty -r z line
  [[ $line == ok* ]] && return
done
} =( <<< '
PROMPT=
autoload -Uz compinit
compinit -u -D
source '${(q)1}'
bindkey "^M" undefined
bindkey "^J" undefined
bindkey "^I" complete-word
null-line () { echo -E - $'"'"'\0'"'"' }
compprefuncs=( null-line )
comppostfuncs=( null-line exit )
zstyle ":completion:*" list-grouped false
zstyle ":completion:*" insert-tab false
zstyle ":completion:*" list-separator ""
compadd () {
  if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then builtin compadd "$@"; return $?; fi
  typeset -a __hits
  builtin compadd -A __hits "$@"
  [[ -n $__hits ]] && print -rl -- $__hits
  builtin compadd "$@"
}
echo ok')
zpty -w z "$2"$'\t'
integer tog=0
while zpty -r z line; do
  if [[ $line == *$'\0\r'* ]]; then
    (( tog++ )) && exit 0 || continue
  fi
  (( tog )) && print -rn -- $line
done
exit 2
