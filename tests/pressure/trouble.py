# SPDX-License-Identifier: Apache-2.0
"""A world with all that a daemon depends on, and rounds of trouble with each of it: discovery controllers storm and die, the
configuration is read again, bus, avahi-daemon and journal stand still, descriptors are short. What everything_story and
soak_story have in common. In namespaces of its own.
"""
import collections
import concurrent.futures
import os
import pathlib
import random
import re
import resource
import signal
import socket
import threading

import namespaces
from harness import DISCOVERY_NQN, SYSTEM_BUS_CONFIG, Story, nqn, stacd_conf, stafd_conf
from processes import wait_for

JOURNAL = pathlib.Path("/run/systemd/journal/socket")
STANDSTILL = 1.5  # seconds that something stands still
AFTERWARDS = 180  # seconds until all is well again: the longest pause between attempts, and a busy machine
SPARE = 2  # descriptors that a daemon has left when they are short
STORM = [f"storm-{number}" for number in range(8)]
LINES = 2000  # of the journal, for a failure


class Journal:
    """Journald's socket; reads unless it is paused."""

    def __init__(self):
        JOURNAL.parent.mkdir(parents=True, exist_ok=True)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(str(JOURNAL))
        self.reads = threading.Event()
        self.reads.set()
        self.messages, self.last = 0, collections.deque(maxlen=LINES)
        self.wanted, self.found = None, []
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while entry := self.socket.recv(1 << 20):
            self.reads.wait()
            self.messages += 1
            self.last.append(entry)
            if self.wanted and self.wanted in entry:
                self.found.append(entry)

    def keep(self, message_id):
        """From now on all messages with this text are in `found`."""
        self.wanted = message_id

    def close(self):
        self.reads.set()
        self.socket.shutdown(socket.SHUT_RD)
        self.socket.close()

    def tail(self):
        return b"\n".join(re.sub(rb"(?s)^(?:MESSAGE=)?(.*?)\n[A-Z].*", rb"\1", entry) for entry in self.last).decode()


class Trouble(Story):
    """`seed` repeats a run; `daemon_env` is what is special about the daemons' environment."""
    bus = False
    seed = 0
    daemon_env = None

    def setUp(self):
        super().setUp()
        self.world.path.chmod(0o711)
        self.bus_daemon = self.world.start_bus(SYSTEM_BUS_CONFIG)
        self.journal = Journal()
        self.addCleanup(self.journal.close)
        self.world.env["WATCHDOG_USEC"] = "500000"
        self.over = threading.Event()
        self.rounds, self.problems = collections.Counter(), []
        # Its threads stay to the end: what one has started ends with it.
        self.threads = concurrent.futures.ThreadPoolExecutor(16)
        self.kept = self.world.target("kept", name="kept")
        self.dying = self.world.target("dying", name="dying")
        self.found = self.world.target("found", name="found", traddr=namespaces.ADDRESSES[0], port=8009)
        self.start_avahi()
        self.start_daemons(stafd_conf(self.kept.controller(), self.dying.controller(), zeroconf="enabled"),
                           stacd_conf(self.dying.controller(nqn("dying"))))
        self.connects(self.stacd, "kept", "dying", "found")

    def start_avahi(self):
        self.avahi = self.world.add(namespaces.Avahi(self.world))
        self.announcers = [self.avahi.publish_address("array", self.found.traddr),
                           self.avahi.publish_service("array", 8009, "p=tcp", f"nqn={DISCOVERY_NQN}")]

    def start_daemons(self, stafd=None, stacd=None):
        """With these configurations, or those of before."""
        self.stafd = self.world.stafd(stafd, "--syslog", env=self.daemon_env)
        self.stacd = self.world.stacd(stacd, "--syslog", env=self.daemon_env)

    @property
    def daemons(self):
        return (self.stafd, self.stacd)

    def _end(self):
        super()._end()
        self._logs += f"\n--- the end of the journal\n{self.journal.tail()}"

    # --- one round of each kind ---

    def storm(self, rng):
        """News of a discovery controller, faster than its page can be read."""
        for name in STORM:
            self.found.rpc("subsystem.add", nqn=nqn(name))
        self.over.wait(rng.choice((0, 0.1, 3)))
        for name in STORM:
            self.found.rpc("subsystem.remove", nqn=nqn(name))

    def reload(self, rng):
        for _ in range(rng.randrange(1, 10)):
            rng.choice(self.daemons).kill(signal.SIGHUP)
            self.over.wait(rng.choice((0, 0.05)))

    def stand_still(self, rng):
        process = rng.choice((self.bus_daemon, self.avahi))
        process.kill(signal.SIGSTOP)
        self.over.wait(rng.uniform(0, STANDSTILL))
        process.kill(signal.SIGCONT)

    def unread_journal(self, rng):
        self.journal.reads.clear()
        self.over.wait(rng.uniform(0, 4 * STANDSTILL))
        self.journal.reads.set()

    def shortage(self, rng):
        daemon = rng.choice(self.daemons)
        _, hard = resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE)
        short = len(os.listdir(f"/proc/{daemon.pid}/fd")) + rng.randrange(SPARE + 1)
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (short, hard))
        self.over.wait(rng.uniform(0, STANDSTILL))
        resource.prlimit(daemon.pid, resource.RLIMIT_NOFILE, (hard, hard))

    def death(self, rng):
        port = self.dying.port
        self.dying.stop(signal.SIGKILL)
        self.over.wait(rng.uniform(0, 2 * STANDSTILL))
        self.dying = self.world.target("dying", name="dying", port=port)
        self.over.wait(rng.uniform(0, 10))

    def repeat(self, kind):
        rng = random.Random(f"{self.seed} {kind.__name__}")
        try:
            while not self.over.wait(rng.uniform(0, 1)):
                kind(rng)
                self.rounds[kind.__name__] += 1
        except Exception as problem:  # pylint: disable=broad-except
            self.problems.append(f"{kind.__name__}: {problem!r}")
            self.over.set()

    def together(self, seconds, *kinds):
        self.over.clear()
        running = [self.threads.submit(self.repeat, kind) for kind in kinds]
        self.over.wait(seconds)
        self.over.set()
        concurrent.futures.wait(running)
        self.assertEqual(self.problems, [])

    def recovers(self):
        """What should be connected is, and nothing else."""
        wanted = {nqn(name) for name in ("kept", "dying", "found")}
        wait_for(f"{wanted} are connected", lambda: self.stacd.connected() == wanted, AFTERWARDS)
        wait_for("three discovery controllers are", lambda: len(self.stafd.connected()) == 3, AFTERWARDS)
