# bash completion for slcli; `slcli completion bash` prints it.

# The server's actions, if it answers quickly.
_slcli_actions() {
  local limit=()
  command -v timeout >/dev/null && limit=(timeout 2)
  "${limit[@]}" slcli list --names "$@" 2>/dev/null
}

_slcli_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$1")
}

_slcli_words() {
  local word=$1
  shift
  mapfile -t COMPREPLY < <(compgen -W "$*" -- "$word")
}

_slcli() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  local commands="completion connect create delete help list ping resolve run status update version"
  local everywhere="-o --output --url -h --help"
  COMPREPLY=()

  # The command, how many of its arguments are there already, and which server was named.
  local command="" arguments=0 server=() i
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --url)
        # bash takes the colons of an address for borders of words
        local url=""
        while ((++i < COMP_CWORD)) && [[ -n ${COMP_WORDS[i]} ]]; do
          [[ -n $url && ${COMP_WORDS[i]} != : && ${COMP_WORDS[i - 1]} != : ]] && break
          url+=${COMP_WORDS[i]}
        done
        ((i--))
        server=(--url "$url")
        ;;
      -f | --file | --token-file | -p | --payload | -m | --memory | -t | --timeout | --max-concurrency | --allow | -k | --key | -o | --output) ((i++)) ;;
      -*) ;;
      *) if [[ -z $command ]]; then command=${COMP_WORDS[i]}; else ((arguments++)); fi ;;
    esac
  done

  case $before in
    -f | --file | --token-file | -p | --payload) _slcli_files "$word"; return ;;
    -o | --output) _slcli_words "$word" auto json text; return ;;
    -m | --memory) _slcli_words "$word" 16M 64M 256M; return ;;
    -t | --timeout) _slcli_words "$word" 500ms 2s 1m; return ;;
    -k | --key | --url | --max-concurrency | --allow) return ;;
  esac

  if [[ $word == -* ]]; then
    local options=$everywhere
    case $command in
      "") options+=" --version" ;;
      create | update) options+=" -f --file -t --timeout -m --memory --max-concurrency --allow" ;;
      connect) options+=" --token --token-file" ;;
      list) options+=" --names" ;;
      resolve) options+=" --no-wait" ;;
      run) options+=" -b --block -p --payload -k --key" ;;
    esac
    _slcli_words "$word" "$options"
    return
  fi

  case $command in
    "") _slcli_words "$word" "$commands" ;;
    help) _slcli_words "$word" "$commands" ;;
    completion) _slcli_words "$word" bash zsh ;;
    delete | run | update) ((arguments == 0)) && _slcli_words "$word" "$(_slcli_actions "${server[@]}")" ;;
  esac
}

complete -F _slcli slcli
