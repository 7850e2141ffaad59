#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The systemd units load without a complaint, and the services keep their exposure at or below 2.5 of 10.
# Usage: units_test.sh BUILT-UNITS-DIR SOURCE-UNITS-DIR
set -eu
if ! command -v systemd-analyze >/dev/null; then
  echo "SKIP: no systemd-analyze on this machine (package systemd)"
  exit 77
fi
built=$1
source=$2
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
# The programs need not be installed for this: only their paths are replaced.
for unit in stafd.service stacd.service stas-config@.service; do
  grep -q '^ExecStart=/' "$built/$unit" || { echo "$unit: ExecStart is not an absolute path"; exit 1; }
  sed 's|^ExecStart=[^ ]*|ExecStart=/bin/true|' "$built/$unit" >"$dir/$unit"
done
cp "$source/stas-config.target" "$dir"
cp "$dir/stas-config@.service" "$dir/stas-config@hostnqn.service"

rc=0
for unit in stafd.service stacd.service stas-config.target stas-config@hostnqn.service; do
  # Complaints about other packages' units on this machine do not count.
  complaints=$(systemd-analyze --man=no verify "$dir/$unit" 2>&1 | grep -e "$dir" -e '^sta[fcs]' || true)
  if [ -n "$complaints" ]; then
    echo "$unit: $complaints"
    rc=1
  fi
done
# Units are found by name below a root directory. Versions before 250 cannot look at files.
root=$dir/root
mkdir -p "$root/usr/lib/systemd/system"
cp "$dir"/sta*.service "$root/usr/lib/systemd/system"
for unit in stafd.service stacd.service stas-config@hostnqn.service; do
  if ! report=$(systemd-analyze security --offline=yes --root="$root" --threshold=25 --no-pager "$unit" 2>&1); then
    echo "$unit: exposure above 2.5"
    echo "$report" | tail -n 3
    rc=1
  else
    echo "$report" | tail -n 1
  fi
done
# A reload has a way, and one only.
for unit in stafd.service stacd.service; do
  type=$(sed -n 's/^Type=//p' "$dir/$unit")
  case "$type$(grep -c '^ExecReload=' "$dir/$unit" || true)" in
    dbus1 | notify-reload0) ;;
    *) echo "$unit: Type=$type, and ExecReload= does not fit"; rc=1 ;;
  esac
done
# Keys stay in memory.
for unit in stafd.service stacd.service; do
  grep -q '^LimitCORE=0$' "$dir/$unit" || { echo "$unit: would dump core, with keys in it"; rc=1; }
done
# What is mounted under /var may need these units first. Nothing that waits for it, then.
for unit in stafd.service stacd.service; do
  for setting in PrivateTmp StateDirectory CacheDirectory LogsDirectory RequiresMountsFor; do
    if grep -q "^$setting=" "$dir/$unit"; then
      echo "$unit: $setting= orders it after mounts that come after remote-fs-pre.target"
      rc=1
    fi
  done
done
exit $rc
