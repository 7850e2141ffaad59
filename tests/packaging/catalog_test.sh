#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Each message ID in the code has a text in the catalog and the other way round, the manual has all of them, and
# journalctl can read the catalog.
# Usage: catalog_test.sh TOPIC.CPP CATALOG STAS.7
set -eu
code=$1 catalog=$2 manual=$3
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
grep -o '"[0-9a-f]\{32\}"' "$code" | tr -d '"' | sort >"$dir/code"
sed -n 's/^-- \([0-9a-f]\{32\}\)$/\1/p' "$catalog" | sort >"$dir/catalog"
grep -o '[0-9a-f]\{32\}' "$manual" | sort >"$dir/manual"
test -s "$dir/code"
diff -u "$dir/code" "$dir/catalog" || { echo "code and catalog have other message IDs"; exit 1; }
diff -u "$dir/code" "$dir/manual" || { echo "code and manual have other message IDs"; exit 1; }
test -z "$(uniq -d "$dir/code")" || { echo "a message ID stands for two topics"; exit 1; }
# Fields in the texts are those that are sent.
fields=$(grep -o '@[A-Z_]*@' "$catalog" | sort -u | tr '\n' ' ')
test "$fields" = "@STAS_DEVICE@ @STAS_REASON@ @STAS_SOURCE@ @STAS_TID@ " || { echo "unknown fields: $fields"; exit 1; }

if ! command -v journalctl >/dev/null; then
  echo "SKIP: no journalctl on this machine (package systemd)"
  exit 77
fi
mkdir -p "$dir/root/usr/lib/systemd/catalog" "$dir/root/var/lib/systemd/catalog"
cp "$catalog" "$dir/root/usr/lib/systemd/catalog/stas.catalog"
said=$(journalctl --root="$dir/root" --update-catalog 2>&1) || { echo "$said"; exit 1; }
test -z "$said" || { echo "$said"; exit 1; }
journalctl --root="$dir/root" --list-catalog >"$dir/list"
test "$(wc -l <"$dir/list")" = "$(wc -l <"$dir/code")" || { cat "$dir/list"; exit 1; }
