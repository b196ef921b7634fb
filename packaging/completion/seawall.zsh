#compdef seawall
_seawall() {
  local -a commands
  commands=(
    'init:write a first config from what this machine shows'
    'plan:what apply would change, and which connections it would cut; changes nothing'
    'apply:make the machine what the config says, in place and without a gap'
    'confirm:keep the change that apply --confirm made'
    'rollback:go back to an earlier generation: its rules, its sets, its config'
    'history:what was applied when, by whom and why'
    'status:whether what stands in the kernel is what the config says'
    'trust:let an address, prefix or name reach everything'
    'block:shut an address or prefix out of everything, public ports too'
    'public:open a port to everyone'
    'audit:what answers on this machine, and who can reach it, by which rule'
    'explain:a packet’s way through the live rules, rule by rule, to its verdict'
    'matrix:which addresses the rules treat alike, and who may open a connection to whom'
    'diff:what one set of rules lets through and another doesn’t, whatever their text'
    'denied:who was turned away lately, on which port, how often, when last'
    'collect:writes what this machine’s tools say into a folder, for audit and explain elsewhere'
    'export:the policy as plain text for the kernel’s own tools, for a machine without Seawall'
    'doctor:what on this machine would get in the way, and what to do about it'
    'down:remove all of the firewall, and nothing else'
    'completion:a script that makes your shell complete commands and options'
  )
  if ((CURRENT == 2)); then
    _describe command commands
    return
  fi
  case $words[2] in
    init) compadd -- --print --config --state-dir --json --quiet --help ;;
    plan) compadd -- --rules --out --config --state-dir --json --quiet --help ;;
    apply) compadd -- --yes --force --confirm --message --plan --config --state-dir --json --quiet --help ;;
    confirm) compadd -- --config --state-dir --json --quiet --help ;;
    rollback) compadd -- --yes --force --confirm --message --config --state-dir --json --quiet --help ;;
    history) compadd -- --diff --config --state-dir --json --quiet --help ;;
    status) compadd -- --config --state-dir --json --quiet --help ;;
    trust) compadd -- add remove list --yes --force --confirm --message --config --state-dir --json --quiet --help ;;
    block) compadd -- add remove list --yes --force --confirm --message --config --state-dir --json --quiet --help ;;
    public) compadd -- add remove list --yes --force --confirm --message --config --state-dir --json --quiet --help ;;
    audit) compadd -- --offline --markdown --baseline --write-baseline --config --state-dir --json --quiet --help ;;
    explain) compadd -- --from --to --in --state --source-port --why-not --all --offline --config --state-dir --json --quiet --help ;;
    matrix) compadd -- --port --chain --source-port --ipv6 --dot --offline --config --state-dir --json --quiet --help ;;
    diff) compadd -- live --config --state-dir --json --quiet --help ;;
    denied) compadd -- --config --state-dir --json --quiet --help ;;
    collect) compadd -- --config --state-dir --json --quiet --help ;;
    export) compadd -- --output --config --state-dir --json --quiet --help ;;
    doctor) compadd -- --config --state-dir --json --quiet --help ;;
    down) compadd -- --yes --config --state-dir --json --quiet --help ;;
    completion) compadd -- bash zsh fish --config --state-dir --json --quiet --help ;;
  esac
}
_seawall "$@"
