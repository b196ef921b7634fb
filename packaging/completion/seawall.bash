# bash completion for seawall
_seawall() {
  local word=${COMP_WORDS[COMP_CWORD]} words
  case ${COMP_WORDS[COMP_CWORD - 1]} in
    --config) COMPREPLY=($(compgen -f -- "$word")); return ;;
    --state-dir | --output) COMPREPLY=($(compgen -d -- "$word")); return ;;
  esac
  if ((COMP_CWORD == 1)); then
    words='init plan apply confirm rollback history status trust block public audit explain matrix diff denied collect export doctor down completion --help --version'
  else
    case ${COMP_WORDS[1]} in
      init) words='--print --config --state-dir --json --quiet --help' ;;
      plan) words='--rules --out --config --state-dir --json --quiet --help' ;;
      apply) words='--yes --force --confirm --message --plan --config --state-dir --json --quiet --help' ;;
      confirm) words='--config --state-dir --json --quiet --help' ;;
      rollback) words='--yes --force --confirm --message --config --state-dir --json --quiet --help' ;;
      history) words='--diff --config --state-dir --json --quiet --help' ;;
      status) words='--config --state-dir --json --quiet --help' ;;
      trust) words='add remove list --yes --force --confirm --message --config --state-dir --json --quiet --help' ;;
      block) words='add remove list --yes --force --confirm --message --config --state-dir --json --quiet --help' ;;
      public) words='add remove list --yes --force --confirm --message --config --state-dir --json --quiet --help' ;;
      audit) words='--offline --markdown --baseline --write-baseline --config --state-dir --json --quiet --help' ;;
      explain) words='--from --to --in --state --source-port --why-not --all --offline --config --state-dir --json --quiet --help' ;;
      matrix) words='--port --chain --source-port --ipv6 --dot --offline --config --state-dir --json --quiet --help' ;;
      diff) words='live --config --state-dir --json --quiet --help' ;;
      denied) words='--config --state-dir --json --quiet --help' ;;
      collect) words='--config --state-dir --json --quiet --help' ;;
      export) words='--output --config --state-dir --json --quiet --help' ;;
      doctor) words='--config --state-dir --json --quiet --help' ;;
      down) words='--yes --config --state-dir --json --quiet --help' ;;
      completion) words='bash zsh fish --config --state-dir --json --quiet --help' ;;
    esac
  fi
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -F _seawall seawall
