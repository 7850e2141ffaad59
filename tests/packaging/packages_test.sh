#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# "make install" never touches packages, not even as root: scripts/install-packages --check tells what is missing, and
# nothing is run. Where packages may be installed, avahi-daemon is not left enabled.
# Usage: packages_test.sh SOURCE
set -eu
source=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# A machine without any package, whose package manager and service manager only note what they are asked for.
mkdir "$dir/bin"
printf '#!/bin/sh\nexit 1\n' >"$dir/bin/dpkg-query"
printf '#!/bin/sh\necho "$(basename "$0") $*" >>"%s/asked"\n' "$dir" >"$dir/bin/apt-get"
printf '#!/bin/sh\n[ "$1" = -n ] && shift\n[ "$1" = tee ] && exec cat >/dev/null\nexec "$@"\n' >"$dir/bin/sudo"
printf '#!/bin/sh\necho 1000\n' >"$dir/bin/id"
printf '#!/bin/sh\n:\n' >"$dir/bin/chmod"
cp "$dir/bin/apt-get" "$dir/bin/systemctl"
chmod 755 "$dir"/bin/*
PATH=$dir/bin:$PATH

status=0
"$source/scripts/install-packages" --product --check >"$dir/out" 2>&1 || status=$?
[ "$status" = 1 ] || { echo "--check ended with $status"; cat "$dir/out"; exit 1; }
grep -q 'apt-get install .* libnvme-dev ' "$dir/out" || { echo "the command is not told:"; cat "$dir/out"; exit 1; }
[ ! -e "$dir/asked" ] || { echo "--check runs:"; cat "$dir/asked"; exit 1; }
if command -v make >/dev/null; then
  make -C "$source" -n install | grep 'install-packages' >"$dir/install" || true
  if grep -v -e '--check$' "$dir/install"; then
    echo "make install may install packages"
    exit 1
  fi
fi

# The policy file that keeps services from starting is as faked as the rest: neither written nor, where it is, removed.
"$source/scripts/install-packages" >"$dir/out" 2>&1 || { cat "$dir/out"; exit 1; }
grep -q '^apt-get install .* avahi-daemon ' "$dir/asked" || { echo "nothing was installed"; cat "$dir/asked"; exit 1; }
grep -q '^systemctl .*disable avahi-daemon.service' "$dir/asked" || { echo "avahi-daemon stays enabled"; exit 1; }
