#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# "stafd --check" and "stacd --check" accept the files we ship, without root, and refuse a bad one with its line and with
# what to do. What can never match or connect is told beforehand.
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

# complains LINE TEXT: both daemons name the line of bad.conf and say the text there.
complains() {
  for daemon in "$stafd" "$stacd"; do
    output=$("$daemon" --check "$dir/bad.conf" 2>&1) && { echo "$daemon --check accepts line $1"; rc=1; }
    echo "$output" | grep -q "File:$dir/bad.conf:$1: .*$2" || { echo "no \"$2\" for line $1: $output"; rc=1; }
  done
}
stafd=$1 stacd=$2 ww=nn-0x200000110d000001:pn-0x200000110d000002
cat >"$dir/bad.conf" <<END
[Controllers]
controller=transport=tcp;nqn=n;traddr=[2001:db8::1]
controller=transport=tcp;nqn=n;traddr=192.0.2.1:8009
exclude=traddr=[2001:db8::2]
exclude=traddr=192.0.2.0/33
exclude=traddr=192.0.2.300
exclude=nqn=*
controller=transport=fc;nqn=n;traddr=$ww
controller=transport=fc;nqn=n;host-traddr=$ww;traddr=20:00:00:11:0d:00:00:01
controller=transport=tcp;nqn=n;traddr=192.0.2.1;host-nqn=nqn.2014-08.com.example:h
controler=transport=tcp;nqn=n;traddr=192.0.2.1
[Gloabl]
tron=true
END
complains 2 'without brackets: .2001:db8::1'
complains 3 'traddr=192.0.2.1;trsvcid=8009'
complains 4 'without brackets: .2001:db8::2'
complains 5 'is no subnet'
complains 6 'four numbers from 0 to 255'
complains 7 'would exclude every controller'
complains 8 'host-traddr is missing'
complains 9 '16 hexadecimal digits'
complains 10 'add .host-id='
complains 11 'did you mean .controller'
complains 12 'did you mean .Global'
printf '[Controllers]\ncontroller=transport=fc;nqn=n;host-traddr=%s;traddr=%s\nexclude=nqn=nqn.*:scratch\n' \
  "$ww" nn-0x200000110d000001,pn-0x200000110d000002 >"$dir/good.conf"
for daemon in "$stafd" "$stacd"; do
  "$daemon" --check "$dir/good.conf" >/dev/null || { echo "$daemon refuses a comma in an FC address"; rc=1; }
done
exit $rc
