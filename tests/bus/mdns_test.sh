#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# sys/mdns against a real avahi-daemon on a private bus, in user, network, mount and PID namespaces of its own: needs no
# root, touches nothing outside, and everything dies with the script. Skipped (77) where namespaces are forbidden.
#
# usage: mdns_test.sh MDNS_PROBE
set -u

probe=$(realpath "$1") # we change the folder
readonly wait_limit=20 # seconds for any one expectation

skip() {
  echo "SKIP: $1"
  exit 77
}

if [ "${STAS_MDNS_INSIDE-}" != 1 ]; then
  for tool in avahi-daemon avahi-publish dbus-daemon unshare ip mount; do
    PATH=$PATH:/usr/sbin:/sbin command -v "$tool" >/dev/null || skip "$tool is not installed"
  done
  why=$(unshare -rnmpf --kill-child true 2>&1) || skip "namespaces are forbidden here: $why"
  STAS_MDNS_INSIDE=1 exec unshare -rnmpf --kill-child "$0" "$@"
fi

PATH=$PATH:/usr/sbin:/sbin
# All files of the test are on a file system that ends with the namespace.
users=$(cat /etc/passwd)
groups=$(cat /etc/group)
mount -t tmpfs tmpfs /run || skip "cannot mount a tmpfs in the namespace"
# Without a /proc of this PID namespace a leak checker cannot work; containers may forbid the mount.
mount -t proc proc /proc 2>/dev/null || export ASAN_OPTIONS="${ASAN_OPTIONS-}:detect_leaks=0"
mkdir /run/avahi-daemon
cd /run || exit 1
export HOME=/run
# avahi-daemon wants its directory to belong to its own user, and only user 0 is mapped here.
sed 's/^avahi:.*/avahi:x:0:0::\/run\/avahi-daemon:\/usr\/sbin\/nologin/' <<<"$users" >passwd
sed 's/^avahi:.*/avahi:x:0:/; s/^netdev:.*/netdev:x:0:/' <<<"$groups" >group
if ! { mount --bind passwd /etc/passwd && mount --bind group /etc/group; }; then
  skip "cannot bind mounts in the namespace"
fi
ip link set lo up && ip link set lo multicast on || skip "cannot set up the loopback interface"

cat >bus.conf <<'CONF'
<busconfig>
  <type>system</type>
  <listen>unix:path=/run/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/><allow receive_sender="*"/><allow own="*"/><allow user="*"/>
  </policy>
</busconfig>
CONF
cat >avahi.conf <<'CONF'
[server]
host-name=tgt
use-ipv4=yes
use-ipv6=yes
allow-interfaces=lo
ratelimit-interval-usec=0
[publish]
publish-hinfo=no
publish-workstation=no
CONF
export DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/bus

failures=0
mark=0 # lines of the log that earlier expectations have used

start_bus() {
  dbus-daemon --config-file=bus.conf --nofork >bus.log 2>&1 &
  bus=$!
  until [ -S bus ]; do sleep 0.05; done
}
start_avahi() {
  avahi-daemon -f avahi.conf --no-drop-root --no-chroot --no-rlimits --no-proc-title >>avahi.log 2>&1 &
  avahi=$!
}
# stop PID: ends one process that we started, and waits for it
stop() {
  kill "$1" 2>/dev/null
  wait "$1" 2>/dev/null
}
# publish NAME TYPE PORT TXT...: sets $publisher
publish() {
  avahi-publish -s "$@" >>publish.log 2>&1 &
  publisher=$!
}
# expect CLAIM REGEX: a line that was not used by an earlier expectation matches
expect() {
  local tries=$((wait_limit * 20)) line
  while [ $tries -gt 0 ]; do
    line=$(tail -n +$((mark + 1)) probe.log | grep -n -m1 -E -- "$2")
    if [ -n "$line" ]; then
      mark=$((mark + ${line%%:*}))
      echo "ok - $1"
      return
    fi
    sleep 0.05
    tries=$((tries - 1))
  done
  echo "not ok - $1: nothing matches: $2"
  failures=$((failures + 1))
}
# never CLAIM REGEX: no line so far matches
never() {
  if grep -q -E -- "$2" probe.log; then
    echo "not ok - $1: $(grep -m1 -E -- "$2" probe.log)"
    failures=$((failures + 1))
  else
    echo "ok - $1"
  fi
}

mkfifo orders
"$probe" <orders >probe.log 2>probe.err &
probe_pid=$!
exec 3>orders

nqn=nqn.2014-08.org.nvmexpress.discovery

echo enable >&3
expect "an absent bus is reported" '^report warning avahi-daemon not available, operating w/o mDNS discovery\.$'
expect "an absent bus is tried again" '^view available=no wake_up=yes types=0$'
start_bus
expect "a late bus is found by trying again" '^report debug Avahi client: waiting for the daemon$'
# Once the bus is there the daemon's appearance is seen without a retry (the next one would be in a minute).
start_avahi
expect "a late daemon is noticed" '^report info avahi-daemon service available, zeroconf supported\.$'
expect "the first answers settle" '^view available=yes wake_up=no types=2'

publish dc1 _nvme-disc._tcp 8009 "NQN=$nqn" "P=TCP" "p=roce"
expect "an announced service is found; keys have no case, the first counts" \
  "\[lo IPv4 dc1 _nvme-disc\._tcp local tcp 127\.0\.0\.1:8009 $nqn\]"
stop $publisher
expect "a withdrawn service goes" '^view available=yes wake_up=no types=2$'

publish dc2 _nvme-disc._udp 4420 "p=iwarp" "nqn=nqn.2020-01.com.example:a=b"
expect "RDMA under _udp; the value begins after the first =" \
  '\[lo IPv4 dc2 _nvme-disc\._udp local rdma 127\.0\.0\.1:4420 nqn\.2020-01\.com\.example:a=b\]'
stop $publisher
expect "it goes as well" '^view available=yes wake_up=no types=2$'

publish dc3 _nvme-disc._tcp 8009 "p=walmart"
expect "an unknown protocol is reported" \
  '^report error Received invalid/undefined protocol in mDNS TXT field: p=.?walmart.? \(lo, IPv4, .?dc3\.local'
expect "and is no candidate" '\[lo IPv4 dc3 _nvme-disc\._tcp local - 127\.0\.0\.1:8009 -\]'
stop $publisher
expect "dc3 goes" '^view available=yes wake_up=no types=2$'

# A changed TXT record: a static service file is re-read on SIGHUP under the same name, if its time in seconds changed.
# avahi-daemon watches the directory as well, so the file appears whole and with a time of its own.
mkdir -p services
mount --bind services /etc/avahi/services
service_file() {
  cat >nvme.service.new <<XML
<?xml version="1.0" standalone='no'?>
<!DOCTYPE service-group SYSTEM "avahi-service.dtd">
<service-group><name>dc4</name><service><type>_nvme-disc._tcp</type><port>8009</port>
<txt-record>p=$1</txt-record><txt-record>nqn=$2</txt-record></service></service-group>
XML
  touch -d "$3" nvme.service.new
  mv nvme.service.new services/nvme.service
  kill -HUP $avahi
}
service_file tcp nqn.2020-01.com.example:one 2024-01-01
expect "a service from a file is found" 'dc4 _nvme-disc\._tcp local tcp 127\.0\.0\.1:8009 nqn\.2020-01\.com\.example:one\]'
service_file rdma nqn.2020-01.com.example:two 2024-01-02
expect "a changed TXT record arrives" \
  'dc4 _nvme-disc\._tcp local rdma 127\.0\.0\.1:8009 nqn\.2020-01\.com\.example:two\]'

kill -KILL $avahi
wait $avahi 2>/dev/null
expect "a killed daemon is reported" '^report warning avahi-daemon not available, zeroconf not supported\.$'
expect "and its services say nothing any more" '^view available=no wake_up=yes types=0$'
rm -f /run/avahi-daemon/pid
start_avahi
expect "a restarted daemon is noticed" '^report info avahi-daemon service available, zeroconf supported\.$'
expect "services are listed before all answers are in" '^view available=no wake_up=no types=2 \[lo IPv[46] dc4 '
expect "and the view becomes complete" '^view available=yes wake_up=no types=2 .*dc4 _nvme-disc\._tcp local rdma 127'

echo disable >&3
expect "zeroconf=disabled forgets everything" '^view available=no wake_up=no types=0$'
echo enable >&3
expect "zeroconf=enabled finds it again" '^view available=yes wake_up=no types=2 .*dc4 _nvme-disc\._tcp local rdma 127'

stop $bus
expect "a bus that ends is reported" '^report warning avahi-daemon not available, zeroconf not supported\.$'
wait $avahi 2>/dev/null # it ends with its bus
rm -f bus /run/avahi-daemon/pid
start_bus
start_avahi
expect "a new bus is found" '^report info avahi-daemon service available, zeroconf supported\.$'
expect "with all its services" '^view available=yes wake_up=no types=2 .*dc4 _nvme-disc\._tcp local rdma 127'

if printf 'enable\nquit\n' | "$probe" >/dev/null 2>>probe.err; then
  echo "ok - an end in the middle of the beginning is clean"
else
  echo "not ok - an end in the middle of the beginning is clean"
  failures=$((failures + 1))
fi

# A daemon that hangs: the library waits for it, our loop must not.
kill -STOP $avahi
echo disable >&3
echo enable >&3
echo abandon >&3
begin=$SECONDS
wait $probe_pid
status=$?
if [ $status -ne 0 ] || [ $((SECONDS - begin)) -gt 5 ]; then
  echo "not ok - the end does not wait for a daemon that hangs: status $status after $((SECONDS - begin)) s"
  failures=$((failures + 1))
else
  echo "ok - the end does not wait for a daemon that hangs"
fi
kill -KILL $avahi
wait $avahi 2>/dev/null
never "one interface is not several" 'was found on multiple interfaces'
if [ -s probe.err ]; then
  echo "not ok - the probe is silent on standard error"
  failures=$((failures + 1))
fi

if [ $failures -ne 0 ]; then
  for log in probe.log probe.err avahi.log publish.log bus.log; do
    echo "--- $log"
    cat $log
  done
  exit 1
fi
