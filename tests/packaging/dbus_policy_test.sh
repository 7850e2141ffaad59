#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The D-Bus policies load in a real dbus-daemon, on a private bus, and let root, and nobody else, own the names.
# Usage: dbus_policy_test.sh POLICY...
set -eu
if ! command -v dbus-daemon >/dev/null; then
  echo "SKIP: no dbus-daemon on this machine (package dbus-daemon)"
  exit 77
fi
dir=$(mktemp -d)
pid=
cleanup() {
  [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
  rm -rf "$dir"
}
trap cleanup EXIT

for policy; do
  name=$(basename "$policy" .conf)
  # The rules of a system bus: nobody owns names, nobody calls a method, until a policy allows it.
  cat >"$dir/bus.conf" <<XML
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-BUS Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>custom</type>
  <listen>unix:dir=$dir</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/>
    <deny own="*"/>
    <deny send_type="method_call"/>
    <allow send_type="signal"/>
    <allow send_requested_reply="true" send_type="method_return"/>
    <allow send_requested_reply="true" send_type="error"/>
    <allow receive_type="method_call"/>
    <allow receive_type="method_return"/>
    <allow receive_type="error"/>
    <allow receive_type="signal"/>
    <allow send_destination="org.freedesktop.DBus"/>
  </policy>
  <include>$(realpath "$policy")</include>
</busconfig>
XML
  mkfifo "$dir/ready"
  dbus-daemon --config-file="$dir/bus.conf" --nofork --nopidfile --print-address=3 3>"$dir/ready" 2>"$dir/log" &
  pid=$!
  if ! read -r address <"$dir/ready" || [ -z "$address" ]; then
    echo "$name: dbus-daemon does not accept the policy: $(cat "$dir/log")"
    exit 1
  fi
  # As root the name can be had, as anybody else it cannot. (RequestName answers 1: primary owner.)
  if command -v dbus-send >/dev/null; then
    reply=$(dbus-send --bus="$address" --dest=org.freedesktop.DBus --print-reply=literal /org/freedesktop/DBus \
      org.freedesktop.DBus.RequestName "string:$name" uint32:4 2>&1 || true)
    if [ "$(id -u)" = 0 ]; then
      case "$reply" in *"uint32 1"*) ;; *) echo "$name: root may not own it: $reply"; exit 1 ;; esac
    else
      case "$reply" in *AccessDenied*) ;; *) echo "$name: others may own it: $reply"; exit 1 ;; esac
    fi
  fi
  kill "$pid"
  wait "$pid" 2>/dev/null || true
  pid=
  rm -f "$dir/ready"
done
