# SPDX-License-Identifier: Apache-2.0
"""The faces of the daemons: D-Bus, the tools, the service manager; and what must never show there."""
import json
import os
import pathlib
import shutil
import signal
import socket
import unittest
import xml.etree.ElementTree as ElementTree

from harness import (DISCOVERY_NQN, HOST_NQN, NAMES, SOURCE, SYSTEM_BUS_CONFIG, Daemon, Story, main, nqn, program,
                     stacd_conf, stafd_conf)
from processes import Process

PATHS = {"stafd": "/org/nvmexpress/staf", "stacd": "/org/nvmexpress/stac"}
SECRET = "DHHC-1:00:c29tZXRoaW5nIHRoYXQgbm9ib2R5IG1heSBzZWUhISEhISEhIe3VX0c=:"


def members(xml):
    """Interfaces as {(interface, kind, member, arguments or attributes)}."""
    found = set()
    for interface in ElementTree.fromstring(xml).iter("interface"):
        for member in interface:
            if member.tag == "annotation":
                continue
            # Direction "out" is what a signal's argument has anyway; argument names are documentation.
            arguments = tuple((arg.get("type"), arg.get("direction", "out" if member.tag == "signal" else "in"))
                              for arg in member.iter("arg"))
            found.add((interface.get("name"), member.tag, member.get("name"), member.get("type"), member.get("access"),
                       arguments))
    return found


class Faces(Story):
    def setUp(self):
        super().setUp()
        self.target = self.world.target("one")
        self.stafd = self.world.stafd(stafd_conf(self.target.controller()))
        self.stacd = self.world.stacd()
        self.connects(self.stacd, "one")

    def call(self, daemon, interface, *args):
        name = NAMES[daemon]
        return self.world.busctl("--json=short", "--", "call", name, PATHS[daemon], name + interface, *args)

    def test_a_change_of_tron_is_told_once(self):
        """By whichever way it comes: a client, or the file."""
        name, path = NAMES["stafd"], PATHS["stafd"]
        with self.world.background("dbus-monitor", "--system", "--profile",
                                   f"type='signal',path='{path}',member='PropertiesChanged'",
                                   "type='signal',interface='org.example.Test'") as monitor:
            monitor.stdout.readline()  # its header: it listens
            for value in ("true", "false"):
                self.world.busctl("set-property", name, path, name + ".debug", "tron", "b", value)
            self.world.write_conf("stafd", stafd_conf(self.target.controller(), tron="true"))
            self.stafd.reload()
            self.eventually("the file counts", lambda: json.loads(self.world.busctl(
                "--json=short", "get-property", name, path, name + ".debug", "tron").stdout)["data"] is True)
            self.world.busctl("emit", "/", "org.example.Test", "End")
            told = []
            while "End" not in (line := monitor.stdout.readline()):
                self.assertTrue(line, "dbus-monitor ended")
                told += ["PropertiesChanged" in line]
            monitor.terminate()
        self.assertEqual(sum(told), 3)

    def test_introspection_shows_the_recorded_interfaces(self):
        for daemon, name in NAMES.items():
            recorded = set()
            for golden in (SOURCE / "etc/dbus-1/interfaces").glob(f"{name}*.xml"):
                recorded |= members(golden.read_text())
            done = self.world.busctl("--json=short", "call", name, PATHS[daemon], "org.freedesktop.DBus.Introspectable",
                                     "Introspect")
            self.assertEqual(done.returncode, 0, done.stderr)
            offered = members(json.loads(done.stdout)["data"][0])
            ours = {entry for entry in offered if entry[0].startswith("org.nvmexpress.")}
            self.assertEqual(ours, recorded)

    def test_stafd_says_whether_it_lists_all_that_is_configured(self):
        def settled():
            done = self.call("stafd", ".evidence", "is_settled")
            self.assertEqual(done.returncode, 0, done.stderr)
            return json.loads(done.stdout)["data"][0]
        self.eventually("everything is known", settled)
        unknown = "transport=tcp;traddr=no-such-host.invalid"
        self.world.write_conf("stafd", stafd_conf(self.target.controller(), unknown))
        self.stafd.reload()
        self.eventually("a host name without an address may be anything", lambda: not settled())
        self.world.write_conf("stafd", stafd_conf(self.target.controller()))
        self.stafd.reload()
        self.eventually("it is gone", settled)

    def test_wrong_arguments_are_errors_and_harmless(self):
        for daemon in NAMES:
            for args in (("", "list_controllers"), ("", "list_controllers", "s", "yes"),
                         ("", "no_such_method"), (".debug", "controller_info", "s", "tcp"),
                         (".debug", "controller_info", "sssssss", "tcp", "", "", "x" * 5000, "", "", ""),
                         (".nothing", "list_controllers", "b", "true")):
                self.assertNotEqual(self.call(daemon, *args).returncode, 0, args)
            done = self.call(daemon, ".debug", "controller_info", "sssssss", "walmart", "\u00e4", "-1",
                             "x" * 500, "", "", "")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(json.loads(done.stdout)["data"], ["{}"])
        done = self.call("stafd", "", "get_log_pages", "sssssss", "tcp", "10.9.9.9", "1", "", "", "", "")
        self.assertEqual(json.loads(done.stdout)["data"], [[]])
        done = self.call("stafd", "", "get_log_pages", "sssssss", "tcp", "127.0.0.1", self.target.port, DISCOVERY_NQN,
                         "", "", HOST_NQN)
        self.assertIn(nqn("one"), {page["subnqn"] for page in json.loads(done.stdout)["data"][0]})
        self.connects(self.stacd, "one")

    def test_tools_print_json(self):
        ctl = self.world.ctl
        self.assertEqual(ctl("stacctl", "ls")[0]["subsysnqn"], nqn("one"))
        self.assertEqual(ctl("stafctl", "ls")[0]["traddr"], "127.0.0.1")
        pages = ctl("stafctl", "dlp", "-a", "127.0.0.1", "-s", self.target.port)
        self.assertIn(nqn("one"), {page["subnqn"] for page in pages})
        self.assertEqual(ctl("stafctl", "adlp", "-d")[0]["discovery-controller"]["connected"], "True")
        for tool in ("stafctl", "stacctl"):
            self.assertEqual(ctl(tool, "status")["tron"], False)
            self.assertEqual(self.world.run(program(tool), "tron").returncode, 0)
            self.assertEqual(ctl(tool, "status")["tron"], True)

    def test_a_tool_without_its_daemon_says_so(self):
        self.stacd.stop()
        done = self.world.run(program("stacctl"), "ls")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("stacd", done.stdout + done.stderr)

    def test_a_second_instance_ends_with_one_clear_line(self):
        for first in (self.stafd, self.stacd):
            path = self.world.path / "second"
            path.mkdir(exist_ok=True)
            second = self.world.add(Daemon(self.world, first.name, ready=False))
            self.assertEqual(second.wait(), 1)
            self.assertRegex(second.text().splitlines()[-1], NAMES[first.name].replace(".", r"\."))
            self.assertTrue(first.alive())
        self.connects(self.stacd, "one")

    def test_the_service_manager_is_told(self):
        for daemon in (self.stafd, self.stacd):
            self.assertEqual(daemon.notify.count("READY=1"), 1)
            daemon.reload()
            self.assertEqual(daemon.stop(), 0)
            daemon.notify.wait("STOPPING=1")
            states = [s for s in daemon.notify.states() if s in ("READY=1", "RELOADING=1", "STOPPING=1")]
            self.assertEqual(states, ["READY=1", "RELOADING=1", "READY=1", "STOPPING=1"])

    def test_the_service_manager_sees_how_things_are(self):
        """`systemctl status` shows one line, the newest."""
        def status(daemon):
            return [state for state in daemon.notify.states() if state.startswith("STATUS=")]
        for daemon, line in ((self.stafd, "1 of 1 discovery controllers connected"),
                             (self.stacd, "1 of 1 wanted paths live, 1 subsystem")):
            self.assertEqual(status(daemon)[0], "STATUS=Waiting for the system bus")
            self.eventually(line, lambda d=daemon, l=line: status(d)[-1] == f"STATUS={l}")
        self.target.stop(signal.SIGKILL)
        self.eventually("the path is down",
                        lambda: status(self.stacd)[-1] == "STATUS=0 of 1 wanted paths live, 1 subsystem")
        for daemon in (self.stafd, self.stacd):
            self.assertEqual(daemon.stop(), 0)
            daemon.notify.wait("STATUS=Stopping; connections stay")
            lines = status(daemon)
            self.assertFalse([a for a, b in zip(lines, lines[1:]) if a == b], lines)

    def test_output_that_nobody_reads_any_more_ends_nobody(self):
        for daemon in (self.stafd, self.stacd):
            daemon.stop_reading()
            self.world.write_conf(daemon.name, "[Broken\n")
            for _ in range(3):
                daemon.reload()
            self.assertTrue(daemon.alive())
            self.assertEqual(daemon.stop(), 0)

    def test_a_lost_bus_ends_the_daemons_with_an_error(self):
        self.world.processes[0].stop(signal.SIGKILL)
        for daemon in (self.stafd, self.stacd):
            self.assertEqual(daemon.wait(), 1)
            daemon.line("Lost the system bus")


class Secrets(Story):
    def test_secrets_show_nowhere(self):
        target = self.world.target("one")
        (self.world.path / "sys.conf").write_text((self.world.path / "sys.conf").read_text().replace(
            "key=", f"key={SECRET}"))
        secret = {"dhchap_secret": SECRET, "dhchap_ctrl_secret": SECRET}
        conf = stafd_conf(target.controller(**secret), target.controller(nqn("x"), **secret, kato=f"{SECRET}x"),
                          f"transport=tcp;dhchap-secret={SECRET}", exclude=[f"dhchap-secret={SECRET}"], tron="true")
        stafd = self.world.stafd(conf)
        stacd = self.world.stacd(stacd_conf(target.controller(nqn("one"), **secret), tron="true",
                                            dhchap_secret=SECRET))
        self.eventually("attempts", lambda: stafd.connected() and stacd.connected())
        shown = []
        for daemon in (stafd, stacd):
            daemon.reload()
            for command in (["ls", "-d"], ["status"], ["ls", "--output=table"], ["adlp", "-d"]):
                if command[0] == "adlp" and daemon is stacd:
                    continue
                done = self.world.run(program(daemon.tool), *command)
                self.assertEqual(done.returncode, 0, done.stderr)
                shown.append(done.stdout + done.stderr)
                if command[0] == "ls" and "-d" in command:
                    self.assertIn("'dhchap-secret': '***'", done.stdout)
            for row in daemon.ls():
                identity = [row[key] for key in ("transport", "traddr", "trsvcid", "subsysnqn", "host-traddr",
                                                 "host-iface", "host-nqn")]
                shown.append(self.world.busctl("call", NAMES[daemon.name], PATHS[daemon.name], NAMES[daemon.name] +
                                               ".debug", "controller_info", "sssssss", *identity).stdout)
            done = self.world.run(program(daemon.name), "--check", self.world.path / f"{daemon.name}.conf")
            shown.append(done.stdout + done.stderr)
            shown.append(pathlib.Path(f"/proc/{daemon.pid}/cmdline").read_text())
            shown.append(pathlib.Path(f"/proc/{daemon.pid}/environ").read_text())
            self.assertEqual(daemon.stop(), 0)
            shown.append(daemon.text())
            shown.append(daemon.state_file.read_text())
        for text in shown:
            self.assertNotIn(SECRET[10:40], text)


    def test_secrets_that_are_not_wanted_any_more_are_gone_from_memory(self):
        """Of a controller that refuses: a connection keeps those that it was made with."""
        closed = socket.socket()
        self.addCleanup(closed.close)
        closed.bind(("127.0.0.1", 0))
        line = f"transport=tcp;traddr=127.0.0.1;trsvcid={closed.getsockname()[1]}"
        secret = f";dhchap-secret={SECRET};dhchap-ctrl-secret={SECRET}"
        sys_conf = self.world.path / "sys.conf"
        plain = sys_conf.read_text()
        sys_conf.write_text(plain.replace("key=", f"key={SECRET}"))
        stafd = self.world.stafd(stafd_conf(line + secret))
        stacd = self.world.stacd(stacd_conf(f"{line};nqn={nqn('one')}{secret}"))
        try:
            for daemon in (stafd, stacd):
                self.assertGreater(daemon.copies_in_memory(SECRET), 0, "else this looks in the wrong place")
                daemon.line("refused")
        except PermissionError as why:
            self.skipTest(f"this machine does not let us look: {why}")
        for _ in range(5):
            stafd.reload()
            stacd.reload()
        sys_conf.write_text(plain)
        self.world.write_conf("stafd", stafd_conf(line))
        self.world.write_conf("stacd", stacd_conf(f"{line};nqn={nqn('one')}"))
        for daemon in (stafd, stacd):
            daemon.reload()
            # An attempt that is under way has its order.
            self.eventually("they are overwritten", lambda of=daemon: of.copies_in_memory(SECRET) == 0)


class HangingBus(Story):
    """The bus daemon stands still: it accepts connections and never answers."""

    def setUp(self):
        super().setUp()
        self.bus_daemon = self.world.processes[0]
        self.addCleanup(self.resume)  # else it could not be ended
        self.world.env["WATCHDOG_USEC"] = "200000"

    def hang(self):
        self.bus_daemon.kill(signal.SIGSTOP)

    def resume(self):
        if self.bus_daemon.alive():
            self.bus_daemon.kill(signal.SIGCONT)

    def runs(self, daemon):
        """Its loop does: the watchdog is fed."""
        daemon.notify.wait("WATCHDOG=1", daemon.notify.count("WATCHDOG=1") + 2)

    def starting(self):
        self.world.write_conf("stafd", stafd_conf())
        self.world.write_conf("stacd", stacd_conf())
        return [self.world.add(Daemon(self.world, name, ready=False)) for name in NAMES]

    def test_a_daemon_that_starts_can_be_stopped(self):
        self.hang()
        daemons = self.starting()
        for daemon in daemons:
            self.runs(daemon)
            daemon.kill(signal.SIGTERM)
        for daemon in daemons:
            self.assertEqual(daemon.wait(), 0)
            self.assertEqual(daemon.notify.count("READY=1"), 0)
            self.assertFalse(daemon.state_file.exists())

    def test_a_daemon_that_starts_goes_on_when_the_bus_does(self):
        self.hang()
        daemons = self.starting()
        for daemon in daemons:
            self.runs(daemon)
        self.resume()
        for daemon in daemons:
            daemon.notify.wait("READY=1")
            self.assertEqual(daemon.ls(), [])

    def test_a_property_written_before_the_bus_hangs_keeps_nobody_waiting(self):
        daemons = [self.world.stafd(stafd_conf()), self.world.stacd()]
        monitor = self.world.add(Process("dbus-monitor", [
            "dbus-monitor", "--system", "--profile", "type='method_call',member='Set'"], self.world.env))
        monitor.line("^#")
        for daemon in daemons:
            daemon.kill(signal.SIGSTOP)
            since = monitor.mark()
            name = NAMES[daemon.name]
            self.world.add(Process("busctl", ["busctl", "--system", "set-property", name, PATHS[daemon.name],
                                              f"{name}.debug", "tron", "b", "true"], self.world.env))
            monitor.line(r"\bSet$", since)
            # The bus daemon answers after it has passed on what came before.
            self.world.busctl("call", "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", "GetId")
        self.hang()
        for daemon in daemons:
            daemon.kill(signal.SIGCONT)
            self.runs(daemon)
            daemon.kill(signal.SIGTERM)
            self.assertEqual(daemon.wait(), 0)


@unittest.skipUnless(os.geteuid() == 0 and shutil.which("setpriv"), "needs root to be root and somebody else")
class Policy(Story):
    """The policies we ship, in a real bus daemon: they alone say who may trace."""
    bus = False

    def test_only_root_sets_a_property(self):
        self.world.path.chmod(0o755)
        self.world.start_bus(SYSTEM_BUS_CONFIG)
        for daemon in (self.world.stafd(stafd_conf()), self.world.stacd()):
            name = NAMES[daemon.name]

            def busctl(*args, prefix=(), of=daemon, name=name):
                return self.world.run(*prefix, "busctl", "--system", args[0], name, PATHS[of.name], f"{name}.debug",
                                      "tron", *args[1:])
            nobody = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
            refused = busctl("set-property", "b", "true", prefix=nobody)
            self.assertNotEqual(refused.returncode, 0)
            self.assertIn("Access denied", refused.stderr)
            self.assertEqual(busctl("get-property", prefix=nobody).stdout, "b false\n")
            done = busctl("set-property", "b", "true")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(busctl("get-property", prefix=nobody).stdout, "b true\n")


class NoBus(Story):
    bus = False

    def test_without_a_bus_a_daemon_ends_with_one_clear_line(self):
        self.world.write_conf("stafd", stafd_conf())
        self.world.write_conf("stacd", stacd_conf())
        for name in NAMES:
            daemon = self.world.add(Daemon(self.world, name, ready=False))
            self.assertEqual(daemon.wait(), 1)
            self.assertEqual(daemon.count("bus"), 1)


if __name__ == "__main__":
    main()
