#!/bin/sh
# Seawall at boot: stands up the firewall of the last apply with nothing but sh and ipset and iptables, or nft.
# If its files are missing or damaged, a minimum stands instead: closed, but for SSH.
# Usage: seawall-boot [STATE_DIR]     Exit: 0 as applied (or taken down on purpose), 1 minimum or nothing loaded
#
# It also undoes a change that nobody confirms, for the one who made it may have cut himself off:
#        seawall-boot STATE_DIR arm TOKEN     leaves a process behind that waits for the deadline in STATE_DIR/pending
#        seawall-boot STATE_DIR undo          goes back to what was confirmed last, now
set -u
PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
LC_ALL=C
# Without this ipset looks at /etc/resolv.conf for every address, and long lists take twice the time.
RES_OPTIONS=no-reload
export PATH LC_ALL RES_OPTIONS
state=${1:-/var/lib/seawall}
verb=${2:-boot}
token=${3:-}
established='-m conntrack ! --ctstate RELATED,ESTABLISHED'

say() {
  echo "seawall-boot: $*" >&2
  # Whoever waits for an undo has no terminal any more.
  [ "$verb" = boot ] || logger -t seawall "$*" 2>/dev/null
}

# A kernel without IPv6 needs no rules for it.
families() { if [ -e /proc/net/if_inet6 ]; then echo 'iptables ip6tables'; else echo iptables; fi; }

hooked() { # TOOL POINT RULE...
  tool=$1 point=$2
  shift 2
  "$tool" -w 10 -t mangle -C "$point" "$@" 2>/dev/null
}

# Every file of the generation is there and is what was written.
intact() { # GENERATION
  case $1 in '' | *[!0-9]*) return 1 ;; esac
  dir=$state/generations/$1
  for file in sets.ipset rules.iptables rules.ip6tables hooks "$dir"/*.ipset "$dir"/*.nft; do
    file=${file##*/}
    [ "$file" != '*.nft' ] || continue
    # A list that was cut off must not vouch for what it no longer names.
    grep -q "^[0-9a-f]\{64\}  $file\$" "$dir/SHA256SUMS" 2>/dev/null || return 1
  done
  # busybox knows no long options.
  (cd "$dir" 2>/dev/null && sha256sum -c SHA256SUMS >/dev/null 2>&1)
}

# Turns lines that make sets into lines that give each its content in one step, whether it stands already or not.
# Sets with a timeout fill and empty by themselves.
in_one_step() { # FILE
  awk -v there=" $(ipset list -n | tr '\n' ' ') " '
    function finish() {
      if (name == "") return
      if (index(there, " " name " ")) print "swap seawall-scratch " name "\ndestroy seawall-scratch"
      else print "rename seawall-scratch " name
      name = ""
    }
    $1 == "create" {
      finish()
      if (/ timeout /) { if (!index(there, " " $2 " ")) print; next }
      name = $2
    }
    { $2 = "seawall-scratch"; print }
    END { finish() }' "$1"
}

# The chains first, then the jumps to them: until then nothing refers to what is half loaded.
hook_all() { # FILE, lines of: TOOL POINT RULE...
  while read -r tool point rule; do
    case " $(families) " in *" $tool "*) ;; *) continue ;; esac
    # shellcheck disable=SC2086 # the rule is to be split into words
    hooked "$tool" "$point" $rule || "$tool" -w 10 -t mangle -I "$point" 1 $rule || return 1
  done <"$1"
}

# Whether the generation is one for nftables.
for_nft() { [ -e "$state/generations/$1/rules.nft" ]; } # GENERATION

has() { command -v "$1" >/dev/null 2>&1; }

load() { # GENERATION
  dir=$state/generations/$1
  if for_nft "$1"; then
    load_nft
    return
  fi
  ipset destroy seawall-scratch 2>/dev/null
  # Long lists have files of their own, named by their content: one that stands is the one that is wanted.
  for file in "$dir"/*.ipset; do
    name=${file##*/}
    ipset -t list "${name%.ipset}" >/dev/null 2>&1 || in_one_step "$file" | ipset restore || return 1
  done
  for tool in $(families); do
    "$tool-restore" -w 10 --noflush <"$dir/rules.$tool" || return 1
  done
  hook_all "$dir/hooks"
}

nft_names() { nft -t list table inet seawall 2>/dev/null | sed -n "s/^[[:space:]]$1 \([^ ]*\) {.*/\1/p"; } # chain|set

# Long lists first, each in a file of its own: one that a rule asks is the one that is wanted. One that no rule asks may
# be what a run that was killed has left half filled; to load it again does no harm. Then the other sets, then all the
# rules in one stroke.
load_nft() {
  asked=" $(nft -t list table inet seawall 2>/dev/null | sed -n 's/.* @\([^ ]*\) .*/\1/p' | tr '\n' ' ') "
  for file in "$dir"/seawall-*.nft; do
    [ -e "$file" ] || continue
    missing=
    for set in $(sed -n 's/^add set inet seawall \([^ ]*\) .*/\1/p' "$file"); do
      case $asked in *" $set "*) ;; *) missing=1 ;; esac
    done
    [ -z "$missing" ] || nft -f "$file" || return 1
  done
  nft -f "$dir/sets.nft" && nft -f "$dir/rules.nft"
}

# Takes out what of Seawall is not of the generation, by both backends. No generation: all of it.
tidy() { # [GENERATION]
  if [ -n "${1:-}" ] && for_nft "$1"; then
    tidy_nft "$1" && { ! has iptables || ! has ipset || tidy_iptables; }
  elif has iptables && has ipset; then
    tidy_iptables "${1:-}" && remove_nft
  else
    remove_nft
  fi
}

remove_nft() { [ -z "$(nft_names chain; nft_names set)" ] || nft delete table inet seawall; }

tidy_nft() { # GENERATION
  dir=$state/generations/$1
  # No generation names the hook for cut connections, and any may have it.
  surplus=$(nft_names chain | while read -r chain; do
    case $chain in output) continue ;; esac
    grep -q "^add chain inet seawall $chain\( \|$\)" "$dir/rules.nft" || echo "$chain"
  done)
  {
    for chain in $surplus; do echo "flush chain inet seawall $chain"; done
    for chain in $surplus; do echo "delete chain inet seawall $chain"; done
    for set in $(nft_names set); do
      cat "$dir"/*.nft | grep -q "^add set inet seawall $set " || echo "delete set inet seawall $set"
    done
  } | nft -f -
}

# Hooks first, then chains, then sets.
tidy_iptables() { # [GENERATION]
  dir=$state/generations/${1:-none}
  for tool in $(families); do
    for point in PREROUTING INPUT FORWARD OUTPUT; do
      "$tool" -w 10 -t mangle -S "$point" | sed -n "s/^-A $point \(.*-[jg] SEAWALL-.*\)/\1/p" | while read -r rule; do
        # No generation names the hook for cut connections, and any may have it.
        case $rule in *' SEAWALL-OUT') [ -z "${1:-}" ] || continue ;; esac
        # shellcheck disable=SC2086 # the rule is to be split into words
        grep -qxF "$tool $point $rule" "$dir/hooks" 2>/dev/null || "$tool" -w 10 -t mangle -D "$point" $rule
      done
    done
    chains=$("$tool" -w 10 -t mangle -S | sed -n 's/^-N \(SEAWALL-.*\)/\1/p')
    for verb_of_iptables in -F -X; do
      for chain in $chains; do
        grep -q "^:$chain " "$dir/rules.$tool" 2>/dev/null || "$tool" -w 10 -t mangle "$verb_of_iptables" "$chain"
      done
    done
  done
  for set in $(ipset list -n | grep '^seawall-'); do
    cat "$dir"/*.ipset 2>/dev/null | grep -q "^create $set " || ipset destroy "$set"
  done
}

# The ports that sshd is told to listen on; 22 if it isn't told any.
ssh_ports() {
  ports=$(cat /etc/ssh/sshd_config /etc/ssh/sshd_config.d/*.conf 2>/dev/null |
    sed -n 's/^[[:space:]]*[Pp][Oo][Rr][Tt][[:space:]]\{1,\}\([0-9]\{1,5\}\)[[:space:]]*$/\1/p')
  echo "${ports:-22}"
}

minimum_rules() { # TOOL
  if [ "$1" = iptables ]; then
    elsewhere='-m addrtype --dst-type UNICAST'
    alive='-A SEAWALL-PRE -p udp -m udp --sport 67 --dport 68 -j RETURN'
  else
    elsewhere='! -d ff00::/8 -m addrtype ! --dst-type LOCAL,ANYCAST'
    alive='-A SEAWALL-PRE -p ipv6-icmp -m hl --hl-eq 255 -j RETURN
-A SEAWALL-PRE -s fe80::/10 -p udp -m udp --sport 547 --dport 546 -j RETURN'
  fi
  echo '*mangle'
  echo ':SEAWALL-PRE - [0:0]'
  echo ':SEAWALL-FWD - [0:0]'
  echo "-A SEAWALL-PRE $elsewhere -j RETURN"
  for link in lo docker0 docker_gwbridge; do echo "-A SEAWALL-PRE -i $link -j RETURN"; done
  echo "$alive"
  for port in $(ssh_ports); do echo "-A SEAWALL-PRE -p tcp -m tcp --dport $port -j RETURN"; done
  echo '-A SEAWALL-PRE -j DROP'
  echo '-A SEAWALL-FWD -m conntrack --ctstate DNAT -j RETURN'
  for link in docker0 docker_gwbridge; do echo "-A SEAWALL-FWD -i $link -j RETURN"; done
  echo '-A SEAWALL-FWD -j DROP'
  echo COMMIT
}

nft_minimum_rules() {
  ports=$(ssh_ports | tr '\n ' ',,')
  links='iifname { "lo", "docker0", "docker_gwbridge" } return'
  echo 'add table inet seawall'
  for chain in PRE4 PRE6 FWD4 FWD6; do
    echo "add chain inet seawall SEAWALL-$chain"
    echo "flush chain inet seawall SEAWALL-$chain"
  done
  while read -r chain rule; do echo "add rule inet seawall $chain $rule"; done <<EOF
SEAWALL-PRE4 fib daddr type unicast return
SEAWALL-PRE4 $links
SEAWALL-PRE4 udp sport 67 udp dport 68 return
SEAWALL-PRE4 tcp dport { ${ports%,} } return
SEAWALL-PRE4 counter drop
SEAWALL-PRE6 ip6 daddr != ff00::/8 fib daddr type != { local, anycast } return
SEAWALL-PRE6 $links
SEAWALL-PRE6 meta l4proto ipv6-icmp ip6 hoplimit 255 return
SEAWALL-PRE6 ip6 saddr fe80::/10 udp sport 547 udp dport 546 return
SEAWALL-PRE6 tcp dport { ${ports%,} } return
SEAWALL-PRE6 counter drop
SEAWALL-FWD4 ct status dnat return
SEAWALL-FWD4 $links
SEAWALL-FWD4 counter drop
SEAWALL-FWD6 ct status dnat return
SEAWALL-FWD6 $links
SEAWALL-FWD6 counter drop
EOF
  for pair in prerouting:PRE forward:FWD; do
    hook=${pair%:*}
    echo "add chain inet seawall $hook { type filter hook $hook priority -150; policy accept; }"
    echo "flush chain inet seawall $hook"
    echo "add rule inet seawall $hook ct state established,related return"
    echo "add rule inet seawall $hook meta nfproto ipv4 jump SEAWALL-${pair#*:}4"
    echo "add rule inet seawall $hook meta nfproto ipv6 jump SEAWALL-${pair#*:}6"
  done
}

minimum() {
  if ! has iptables && has nft; then
    nft_minimum_rules | nft -f -
    return
  fi
  failed=0
  for tool in $(families); do
    minimum_rules "$tool" | "$tool-restore" -w 10 --noflush || failed=1
    for pair in PREROUTING:SEAWALL-PRE FORWARD:SEAWALL-FWD; do
      # shellcheck disable=SC2086 # a rule, to be split into words
      hooked "$tool" "${pair%:*}" $established -j "${pair#*:}" ||
        "$tool" -w 10 -t mangle -I "${pair%:*}" 1 $established -j "${pair#*:}" || failed=1
    done
  done
  return $failed
}

at_boot() {
  forget_earlier_starts
  if [ -e "$state/down" ]; then
    say 'taken down on purpose (seawall down); nothing to do until the next seawall apply'
    exit 0
  fi
  id=$(cat "$state/boot/current" 2>/dev/null)
  if ! intact "$id"; then
    say "the files in $state/generations/$id are missing or damaged"
  elif load "$id"; then
    say 'the firewall of the last apply stands'
    exit 0
  else
    say "the files in $state/generations/$id did not load"
  fi
  stand_minimum
  exit 1
}

# What an earlier start of the machine left undone is over: this kernel is empty. What this one is about stays: somebody
# may only be rehearsing a boot, in a network namespace, while the undo of a change waits for its time.
forget_earlier_starts() {
  for file in pending journal; do
    [ "$(sed -n 's/^boot //p' "$state/$file" 2>/dev/null)" = "$(cat /proc/sys/kernel/random/boot_id)" ] || rm -f "$state/$file"
  done
  [ -e "$state/pending" ] || rm -f "$state/uncut"
}

stand_minimum() {
  if minimum; then
    say 'the minimum stands: closed, but for SSH; run: seawall apply'
  else
    say 'NOT EVEN THE MINIMUM COULD BE LOADED: this machine is not protected'
    return 1
  fi
}

field() { sed -n "s/^$1 //p" "$state/pending" 2>/dev/null; }

# Seconds since the machine was started: nobody can set this clock.
now() { sed 's/[. ].*//' /proc/uptime; }

# The change is still there to be undone. A file that says nothing of itself is taken for it.
pending() {
  [ -e "$state/pending" ] || return 1
  case $(field token) in '' | "$token") return 0 ;; esac
  return 1
}

# Goes back to what was confirmed last; where nothing ever was, to no firewall. The caller holds the lock.
undo() {
  id=$(cat "$state/boot/current" 2>/dev/null)
  # A confirmation that was killed late: what is to be undone is what was confirmed last.
  if [ -n "$id" ] && [ "$id" = "$(field generation)" ] && [ "$id" != "$(field before)" ]; then
    rm -f "$state/pending" "$state/uncut"
    return 0
  fi
  # Servers may speak to clients again whose connections were cut by the change.
  if grep -q ' element ' "$state/uncut" 2>/dev/null; then
    nft -f "$state/uncut" 2>/dev/null
  elif [ -e "$state/uncut" ]; then
    ipset -exist restore <"$state/uncut" 2>/dev/null
  fi
  if [ -z "$id" ] && [ "$(field before)" = 0 ]; then
    tidy && result=removed || result=failed
  elif intact "$id" && load "$id"; then
    tidy "$id"
    result=restored
  else
    say "generation $id is damaged or did not load"
    stand_minimum && result=minimum || result=failed
  fi
  # Never through a symlink.
  rm -f "$state/undone.new"
  printf 'token %s\ngeneration %s\nresult %s\nat %s\n' \
    "$(field token)" "$(field generation)" "$result" "$(date +%s)" >"$state/undone.new"
  mv "$state/undone.new" "$state/undone"
  if [ "$result" = failed ]; then
    say 'the change that nobody confirmed COULD NOT BE UNDONE; the firewall stands as it left it'
    return 1
  fi
  rm -f "$state/pending" "$state/uncut" "$state/journal"
  say "the change that nobody confirmed was undone ($result)"
}

# Waits for the deadline, whatever becomes of the session, of sshd and of Node.
guard() {
  trap '' HUP INT
  # Out of the session's control group, all of which may be ended with the session.
  for group in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
    [ ! -w "$group/cgroup.procs" ] || echo $$ >"$group/cgroup.procs"
  done 2>/dev/null
  cd /
  deadline=$(field deadline)
  echo armed
  exec >/dev/null
  while pending && [ "$(now)" -lt "${deadline:-0}" ]; do sleep 1; done
  exec 9>>"$state/lock"
  # A writer that hangs must not keep us from opening the way back.
  flock -w 60 9
  pending && undo
}

arm() {
  # Until the other one closes its end it is not ready; then it goes on without us.
  ready=$(setsid sh "$0" "$state" guard "$token" </dev/null 2>/dev/null &)
  [ "$ready" = armed ] || say 'the undo could not be armed'
  [ "$ready" = armed ]
}

umask 077
case $verb in
  boot) at_boot ;;
  arm) arm ;;
  guard) guard ;;
  undo) undo ;;
  *)
    say "there is no $verb"
    exit 1
    ;;
esac
