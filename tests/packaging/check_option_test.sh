#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# "stafd --check" and "stacd --check" accept the files we ship, without root, and refuse a bad one with its line.
# Usage: check_option_test.sh STAFD STACD ETC-DIR
set -eu
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
rc=0
"$1" --check "$3/stafd.conf" || { echo "stafd refuses the file we ship"; rc=1; }
"$2" --check "$3/stacd.conf" || { echo "stacd refuses the file we ship"; rc=1; }
printf '[Global]\ntron=maybe\n' >"$dir/bad.conf"
for daemon in "$1" "$2"; do
  status=0
  output=$("$daemon" --check "$dir/bad.conf" 2>&1) || status=$?
  [ "$status" = 1 ] || { echo "$daemon --check ended with $status for a bad file"; rc=1; }
  case "$output" in
    *bad.conf:2*) ;;
    *) echo "$daemon --check does not name the line: $output"; rc=1 ;;
  esac
done
exit $rc
