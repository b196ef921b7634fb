#!/bin/sh
# Seawall at boot: stands up the firewall of the last apply with nothing but sh, ipset and iptables.
# If its files are missing or damaged, a minimum stands instead: closed, but for SSH.
# Usage: seawall-boot [STATE_DIR]     Exit: 0 as applied (or taken down on purpose), 1 minimum or nothing loaded
set -u
PATH=/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin
LC_ALL=C
# Without this ipset looks at /etc/resolv.conf for every address, and long lists take twice the time.
RES_OPTIONS=no-reload
export PATH LC_ALL RES_OPTIONS
state=${1:-/var/lib/seawall}
boot=$state/boot
established='-m conntrack ! --ctstate RELATED,ESTABLISHED'

say() { echo "seawall-boot: $*" >&2; }

# A kernel without IPv6 needs no rules for it.
families() { if [ -e /proc/net/if_inet6 ]; then echo 'iptables ip6tables'; else echo iptables; fi; }

hooked() { # TOOL POINT RULE...
  tool=$1 point=$2
  shift 2
  "$tool" -w 10 -t mangle -C "$point" "$@" 2>/dev/null
}

# Every file of the last apply is there and is what was written.
intact() {
  case $id in '' | *[!0-9a-f]*) return 1 ;; esac
  for file in sets.ipset rules.iptables rules.ip6tables hooks "$boot/$id"/*.ipset; do
    file=${file##*/}
    # A list that was cut off must not vouch for what it no longer names.
    grep -q "^[0-9a-f]\{64\}  $file\$" "$boot/$id/SHA256SUMS" 2>/dev/null || return 1
  done
  # busybox knows no long options.
  (cd "$boot/$id" 2>/dev/null && sha256sum -c SHA256SUMS >/dev/null 2>&1)
}

# The chains first, then the jumps to them: until then nothing refers to what is half loaded.
hook_all() { # FILE, lines of: TOOL POINT RULE...
  while read -r tool point rule; do
    case " $(families) " in *" $tool "*) ;; *) continue ;; esac
    # shellcheck disable=SC2086 # the rule is to be split into words
    hooked "$tool" "$point" $rule || "$tool" -w 10 -t mangle -I "$point" 1 $rule || return 1
  done <"$1"
}

load() {
  dir=$boot/$id
  # Long lists have files of their own.
  for file in "$dir"/*.ipset; do ipset -exist restore <"$file" || return 1; done
  for tool in $(families); do
    "$tool-restore" -w 10 --noflush <"$dir/rules.$tool" || return 1
  done
  hook_all "$dir/hooks"
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

minimum() {
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

if [ -e "$state/down" ]; then
  say 'taken down on purpose (seawall down); nothing to do until the next seawall apply'
  exit 0
fi
id=$(cat "$boot/current" 2>/dev/null)
if ! intact; then
  say "the files in $boot are missing or damaged"
elif load; then
  say 'the firewall of the last apply stands'
  exit 0
else
  say "the files in $boot did not load"
fi
if minimum; then
  say 'the minimum stands: closed, but for SSH; run: seawall apply'
else
  say 'NOT EVEN THE MINIMUM COULD BE LOADED: this machine is not protected'
fi
exit 1
