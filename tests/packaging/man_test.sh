#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# groff reads each manual page without a warning, mandoc as well (its remarks on style left out), each page says what it is, and each page that one of ours refers to as
# ours exists. Usage: man_test.sh PAGE...
set -eu
if ! command -v groff >/dev/null; then
  echo "SKIP: no groff on this machine (package groff-base)"
  exit 77
fi
export LC_ALL=C.UTF-8
rc=0
names=" "
for page; do names="$names$(basename "$page") "; done

if command -v mandoc >/dev/null && ! mandoc -T lint -W warning "$@"; then rc=1; fi
for page; do
  name=$(basename "$page")
  # A page that only points at another.
  if target=$(sed -n '1s/^\.so man[0-9]\///p' "$page") && [ -n "$target" ]; then
    case "$names" in
      *" $target "*) ;;
      *) echo "$name points at $target, which does not exist"; rc=1 ;;
    esac
    continue
  fi
  warnings=$(groff -ww -t -man -Tutf8 -rLL=78n -z "$page" 2>&1 || echo "groff failed")
  if [ -n "$warnings" ]; then
    echo "$name: $warnings"
    rc=1
  fi
  for heading in NAME DESCRIPTION 'SEE ALSO'; do
    grep -q -e "^\.SH \"*$heading\"*\$" "$page" || { echo "$name: no section $heading"; rc=1; }
  done
  for ref in $(sed -n 's/^\.BR \(sta[fcs][^ ]*\|org\.nvmexpress[^ ]*\|sys\.conf\) (\([0-9]\)).*/\1.\2/p' "$page"); do
    case "$names" in
      *" $ref "*) ;;
      *) echo "$name refers to $ref, which does not exist"; rc=1 ;;
    esac
  done
done
[ "$#" -gt 0 ] || { echo "no pages given"; rc=1; }
exit $rc
