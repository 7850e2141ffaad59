#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What "meson install" puts into a DESTDIR, file by file: what nvme-stas 2.4.1 has, nothing of the tests.
# Usage: install_test.sh MESON BUILD PREFIX SYSCONFDIR UNITDIR with-target|without-target
set -eu
meson=$1 build=$2 prefix=$3 sysconfdir=$4 units=$5 target=$6
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$meson" install -C "$build" --no-rebuild --quiet --destdir "$dir/tree" >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
case $sysconfdir in /*) etc=$sysconfdir ;; *) etc=$prefix/$sysconfdir ;; esac

{
  for name in stafd.conf stacd.conf sys.conf.doc; do echo "644 $etc/stas/$name"; done
  for name in stafd stacd; do echo "755 $prefix/sbin/$name"; done
  for name in stafctl stacctl stasadm; do echo "755 $prefix/bin/$name"; done
  for name in stafd.service stacd.service stas-config.target stas-config@.service; do
    echo "644 $units/$name"
    echo "644 $prefix/share/man/man8/$name.8"
  done
  echo "644 $prefix/lib/systemd/catalog/stas.catalog"
  echo "644 $prefix/lib/tmpfiles.d/stas.conf"
  echo "644 $prefix/share/stas/stas-json-1.schema.json"
  echo "644 $prefix/share/zsh/site-functions/_stas"
  for name in stafctl stacctl stasadm stafd stacd; do
    if [ "$name" = stafctl ]; then mode=644; else mode=777; fi # symbolic links
    echo "$mode $prefix/share/bash-completion/completions/$name"
    echo "$mode $prefix/share/fish/vendor_completions.d/$name.fish"
  done
  if [ "$target" = with-target ]; then
    echo "755 $prefix/bin/stas-target"
    echo "644 $prefix/share/man/man1/stas-target.1"
  fi
  for name in staf stac; do
    echo "644 $prefix/share/dbus-1/system.d/org.nvmexpress.$name.conf"
    for page in "$name" "$name.debug"; do echo "644 $prefix/share/man/man5/org.nvmexpress.$page.5"; done
  done
  for name in stac.desired stac staf.desired staf.evidence staf; do
    echo "644 $prefix/share/dbus-1/interfaces/org.nvmexpress.$name.xml"
  done
  for page in stafctl.1 stacctl.1 stasadm.1 stafd.conf.5 stacd.conf.5 sys.conf.5 nvme-stas.7 stas.7 stafd.8 stacd.8; do
    echo "644 $prefix/share/man/man${page##*.}/$page"
  done
} | sort >"$dir/wanted"
(cd "$dir/tree" && find . ! -type d -printf '%m /%P\n') | sort >"$dir/installed"
diff -u "$dir/wanted" "$dir/installed"
# The units start what was installed, from where it was installed.
for unit in "$dir/tree$units"/*.service; do
  program=$(sed -n 's/^ExecStart=\([^ ]*\).*/\1/p' "$unit")
  test -x "$dir/tree$program" || { echo "$(basename "$unit") starts $program, which is not installed"; exit 1; }
done
