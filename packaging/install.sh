#!/bin/sh
# Puts Seawall on this machine, or into DESTDIR for a package. Enables and applies nothing.
# Usage: packaging/install.sh            after npm run build
#        DESTDIR=/tmp/root packaging/install.sh
set -eu
cd "$(dirname "$0")/.."
root=${DESTDIR:-}
[ -f dist/seawall.mjs ] || { echo 'dist/seawall.mjs is missing: npm run build' >&2; exit 1; }
put() { install -D -m "$1" "$2" "$root$3"; }
put 0755 dist/seawall.mjs /usr/lib/seawall/seawall.mjs
put 0755 packaging/boot/seawall-boot.sh /usr/lib/seawall/seawall-boot
put 0644 packaging/systemd/seawall.service /usr/lib/systemd/system/seawall.service
put 0644 packaging/man/seawall.8 /usr/share/man/man8/seawall.8
put 0644 packaging/completion/seawall.bash /usr/share/bash-completion/completions/seawall
put 0644 packaging/completion/seawall.zsh /usr/share/zsh/vendor-completions/_seawall
put 0644 packaging/completion/seawall.fish /usr/share/fish/vendor_completions.d/seawall.fish
put 0644 schema/seawall.schema.json /usr/share/seawall/seawall.schema.json
mkdir -p "$root/usr/sbin"
ln -sf ../lib/seawall/seawall.mjs "$root/usr/sbin/seawall"
echo "installed. Next: seawall init; seawall plan; seawall apply; systemctl enable seawall.service" >&2
