# SPDX-License-Identifier: Apache-2.0
"""The world of a scenario inside the guest: a storage network, targets, our installed daemons under systemd, nvme-cli.

The network namespace "storage" is where targets live, two wires lead there:

    host  h0 10.0.0.1  fd00::1    ---   t0 10.0.0.2  fd00::2    storage
    host  h1 10.0.1.1  fd00:1::1  ---   t1 10.0.1.2  fd00:1::2  storage

Each test begins with nothing connected, no configuration but the host's identity, no state, no targets.
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import time
import unittest

sys.path.insert(0, "/vm/in/e2e")
os.environ.setdefault("STAS_BUILD", "/opt/stas-test")

import harness  # noqa: E402  (tests/e2e: writers of configuration files, the bundled target)
from harness import DISCOVERY_NQN, nqn, stacd_conf, stafd_conf  # noqa: E402,F401
from kernel import (Controller, Uevents, controllers, device_of, discovery_controllers, held,  # noqa: E402,F401
                    io_controllers, live_nqns, messages)
from nvmet import Nvmet  # noqa: E402
from processes import Process, Unexpected, wait_for  # noqa: E402,F401

LIMIT = 60.0  # seconds for any one expectation: the guest is some 15 times slower than an ordinary machine
HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:2cd2c43b-a90a-45c1-a8cd-86b33ab273b5"
HOST_ID = "2cd2c43b-a90a-45c1-a8cd-86b33ab273b5"
TARGET, TARGET_2 = "10.0.0.2", "10.0.1.2"
NAMESPACE = "storage"
DAEMONS = ("stafd", "stacd")
TOOLS = {"stafd": "stafctl", "stacd": "stacctl"}


def run(*argv, check=True, limit=LIMIT, **kwargs):
    """A command; returns subprocess.CompletedProcess with text."""
    done = subprocess.run([str(arg) for arg in argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, timeout=limit, check=False, **kwargs)
    if check and done.returncode != 0:
        raise Unexpected(f"{' '.join(map(str, argv))}: status {done.returncode}: {done.stdout}{done.stderr}")
    return done


def systemctl(*args, check=True):
    return run("systemctl", *args, check=check)


def make_network():
    """Once per boot."""
    if os.path.exists(f"/run/netns/{NAMESPACE}"):
        return
    run("ip", "netns", "add", NAMESPACE)
    run("ip", "link", "set", "lo", "up")
    inside = ("ip", "-n", NAMESPACE)
    run(*inside, "link", "set", "lo", "up")
    for n in (0, 1):
        run("ip", "link", "add", f"h{n}", "type", "veth", "peer", "name", f"t{n}", "netns", NAMESPACE)
        for command, device, last in ((("ip",), f"h{n}", 1), (inside, f"t{n}", 2)):
            run(*command, "address", "add", f"10.0.{n}.{last}/24", "dev", device)
            run(*command, "address", "add", f"fd00:{n or ''}::{last}/64".replace(":::", "::"), "dev", device, "nodad")
            run(*command, "link", "set", device, "up")


def dc(traddr=TARGET, trsvcid=8009, **fields):
    """The fields of a controller= line of stafd.conf."""
    line = f"transport=tcp;traddr={traddr};trsvcid={trsvcid}"
    return line + "".join(f";{key.replace('_', '-')}={value}" for key, value in fields.items())


def ioc(name, traddr=TARGET, trsvcid=8009, **fields):
    """The fields of a controller= line of stacd.conf."""
    return dc(traddr, trsvcid, nqn=nqn(name), **fields)


def nvme(*args, check=True, limit=LIMIT):
    """nvme-cli."""
    return run("nvme", *args, check=check, limit=limit)


def nvme_connect(name, traddr=TARGET, trsvcid=8009, *more, check=True):
    run("modprobe", "nvme-tcp")  # that of Debian 12 connects nothing where no NVMe driver is loaded yet
    return nvme("connect", "-t", "tcp", "-a", traddr, "-s", trsvcid, "-n", nqn(name), *more, check=check)


def write_conf(daemon, text):
    pathlib.Path(f"/etc/stas/{daemon}.conf").write_text(text, encoding="utf-8")


def write_sys_conf(text=None):
    path = pathlib.Path("/etc/stas/sys.conf")
    if text is None:
        path.unlink(missing_ok=True)
    else:
        path.write_text(text, encoding="utf-8")


def start(*daemons):
    """Returns when they are ready."""
    systemctl("start", *daemons)


def stop(*daemons):
    systemctl("stop", *daemons)


def restart(*daemons):
    systemctl("restart", *daemons)


def reload(daemon):
    """Returns when the daemon has taken its configuration."""
    systemctl("reload", daemon)


def pid(daemon):
    return int(systemctl("show", "-P", "MainPID", daemon).stdout)


def ctl(daemon, *args):
    """The JSON answer of stafctl or stacctl."""
    return json.loads(run(TOOLS[daemon], "--output=json", *args).stdout)


def known(*daemons):
    """What the daemons say they are connected to: (NQN, device) of each."""
    return sorted((c["subsysnqn"], c["device"]) for daemon in daemons for c in ctl(daemon, "ls", "-d")
                  if c["connected"] == "True")


def state_file(daemon):
    """What survives a restart of the daemon; written 0.1 s after a change."""
    return pathlib.Path(f"/run/{daemon}/last-known-config.json")


def no_controllers():
    """Everything disconnected, by the quickest way there is."""
    for controller in controllers():
        try:
            with open(f"/sys/class/nvme/{controller.name}/delete_controller", "w", encoding="ascii") as file:
                file.write("1")
        except OSError:
            pass  # it went by itself
    wait_for("no controller is left", lambda: not controllers(), LIMIT)


class Scenario(unittest.TestCase):
    """A test in the guest. Prints the journal and the kernel's messages when it fails."""

    def setUp(self):
        make_network()
        self.path = pathlib.Path("/run/scenario")  # the bundled target's world
        shutil.rmtree(self.path, ignore_errors=True)
        self.path.mkdir()
        self.env = dict(os.environ)
        self._processes = []
        self._cursor = run("journalctl", "-n0", "--show-cursor").stdout.split("cursor: ")[-1].strip()
        self._messages = len(messages())
        self._network = []
        self.target = Nvmet(NAMESPACE)  # the kernel's
        self.addCleanup(self._end)
        write_conf("stafd", stafd_conf())
        write_conf("stacd", stacd_conf())
        write_sys_conf()
        systemctl("reset-failed", check=False)

    def _end(self):
        failed = [daemon for daemon in DAEMONS if systemctl("is-failed", daemon, check=False).returncode == 0]
        stop(*DAEMONS)
        complaints = [f"{daemon} failed" for daemon in failed]
        complaints += [f"{daemon} ended badly" for daemon in DAEMONS
                       if systemctl("is-failed", daemon, check=False).returncode == 0 and daemon not in failed]
        self.evidence = self.journal() + "\n--- kernel\n" + "\n".join(messages()[self._messages:])
        # In this order: a discovery controller that is told of its target's end would have nvme-cli's udev rule connect
        # things in the middle of the next test.
        systemctl("stop", "nvmf-connect@*.service", "nvmf-connect.target", check=False)
        no_controllers()
        self.target.clear()
        for process in reversed(self._processes):
            process.stop()
        for undo in reversed(self._network):
            run(*undo, check=False)
        for directory in ("/run/stafd", "/run/stacd", "/var/cache/stafd", "/var/cache/stacd"):
            shutil.rmtree(directory, ignore_errors=True)
        if "Sanitizer" in self.evidence:
            complaints.append("a sanitizer spoke")
        self.assertEqual(complaints, [])

    def run(self, result=None):
        before, skipped = len(result.failures) + len(result.errors), len(result.skipped)
        begun = time.monotonic()
        super().run(result)
        failed = len(result.failures) + len(result.errors) > before
        outcome = "FAILED" if failed else "skipped" if len(result.skipped) > skipped else "ok"
        # One line that .ci/run can show, whatever unittest prints around it.
        print(f"   scenario {self.id().removeprefix('__main__.')}: {outcome}, {time.monotonic() - begun:.1f} s",
              file=sys.stderr)
        if failed:
            why = "\n".join(text for test, text in result.failures + result.errors if self.id() in test.id())
            print(f"=== evidence of {self.id()}\n{why}\n{getattr(self, 'evidence', '')}\n=== end", file=sys.stderr)

    # -- what a scenario does

    def stas_target(self, *subsystems, name="target", traddr=TARGET, port="8009", listeners=None, **discovery):
        """The bundled target, ready; subsystems are names or configuration objects, so are listeners."""
        config = {"discovery": discovery, "listeners": listeners or [{"traddr": traddr, "trsvcid": str(port)}],
                  "subsystems": [s if isinstance(s, dict) else {"nqn": nqn(s)} for s in subsystems]}
        target = harness.Target(self, name, config, prefix=("ip", "netns", "exec", NAMESPACE))
        self._processes.append(target)
        return target

    def port_with(self, *names, number=1, **port):
        """A port of the kernel's target with these subsystems, which have no namespaces."""
        self.target.port(number, **port)
        for name in names:
            self.target.subsystem(nqn(name), number)

    def undo_later(self, *argv):
        self._network.append(argv)

    def silence_nvme_cli(self):
        """For tests that count: udevd looks for changed rules every 3 s only, so nvme-cli's may still answer an AEN
        just after the start of stacd."""
        systemctl("mask", "--runtime", "nvmf-connect@.service")
        self.undo_later("systemctl", "unmask", "--runtime", "nvmf-connect@.service")

    # -- what a scenario expects

    def journal(self, *daemons):
        """What the daemons (default both) have said in this test."""
        units = [f"--unit={daemon}" for daemon in daemons or DAEMONS]
        return run("journalctl", "--no-pager", "-o", "short-monotonic", f"--after-cursor={self._cursor}", *units).stdout

    def kernel_messages(self):
        return messages()[self._messages:]

    def eventually(self, what, condition, limit=LIMIT):
        return wait_for(what, condition, limit)

    def connects(self, *names, limit=LIMIT):
        """Waits until exactly these subsystems have a live I/O controller each."""
        wanted = sorted(nqn(name) for name in names)
        try:
            wait_for("", lambda: live_nqns() == wanted, limit)
        except Unexpected:
            self.fail(f"live: {[repr(c) for c in controllers()]}, wanted: {wanted}")

    def never(self, seconds, what, condition):
        """For absences: nothing can be awaited, so it is watched for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                self.fail(f"{what}: it did happen")
            time.sleep(0.05)

    def says(self, pattern, *daemons, limit=LIMIT):
        """Waits for a line in the journal."""
        try:
            wait_for("", lambda: re.search(pattern, self.journal(*daemons)), limit, interval=0.2)
        except Unexpected:
            self.fail(f"nobody said /{pattern}/")


def ways(controllers_):
    """(subsystem, traddr) of controllers."""
    return sorted((c.subsysnqn.rsplit(":", 1)[-1], c.traddr) for c in controllers_)


class Configured(Scenario):
    """A scenario about what a configuration leads to."""

    def begin(self, stafd=None, stacd=None):
        if stafd is not None:
            write_conf("stafd", stafd)
        if stacd is not None:
            write_conf("stacd", stacd)
        start(*DAEMONS)

    def set_conf(self, daemon, text):
        write_conf(daemon, text)
        reload(daemon)

    def goes(self, *expected, limit=LIMIT):
        """Waits until there are exactly these live I/O controllers, as (subsystem, traddr)."""
        wanted = sorted(expected)
        try:
            wait_for("", lambda: ways(io_controllers(state="live")) == wanted and len(io_controllers()) == len(wanted),
                     limit)
        except Unexpected:
            self.fail(f"there are {controllers()}, wanted: {wanted}")


class Running(Scenario):
    """A scenario about daemons that have long been connected, with an eye on what the kernel makes and removes."""

    def setUp(self):
        super().setUp()
        self.uevents = Uevents()
        self.addCleanup(self.uevents.close)

    def begin(self, *names, stafd=stafd_conf(dc()), stacd=stacd_conf()):
        """Both daemons, connected to exactly these subsystems. Returns what is held."""
        write_conf("stafd", stafd)
        write_conf("stacd", stacd)
        start(*DAEMONS)
        self.connects(*names)
        self.both_know_what_there_is()
        return held()

    def both_know_what_there_is(self):
        """What the daemons show is what the kernel has, under the same names."""
        wait_for("the daemons know what there is", lambda: known(*DAEMONS) == held(), LIMIT)

    def nothing_is_leaving(self):
        """Waits until stacd has no controller in its soak: nothing that it was told so far will be cut."""
        wait_for("stacd has nothing to cut", soak_timer_is_off, LIMIT)

    def _wait_for_events(self, since, count):
        try:
            wait_for("", lambda: len(self.uevents.came_and_went(since)) >= count, LIMIT)
        except Unexpected:
            pass  # the comparison that follows says it better
        return self.uevents.came_and_went(since)

    def kernel_made_and_removed(self, since, *expected):
        """These controllers, as (ACTION, device) in order, and no others since the mark."""
        self.assertEqual(self._wait_for_events(since, len(expected)), list(expected))

    def kernel_counts(self, since, add=0, remove=0):
        """So many controllers were made and removed since the mark."""
        actions = [action for action, _ in self._wait_for_events(since, add + remove)]
        self.assertEqual((actions.count("add"), actions.count("remove")), (add, remove))

    def cut_by_us(self):
        return re.findall(r"Disconnect initiated.*", self.journal())


def soak_timer_is_off():
    return "[off]" in ctl("stacd", "status")["config soak timer"]


def main():
    unittest.main(verbosity=2)
