# SPDX-License-Identifier: Apache-2.0
"""Everything at once, for STAS_PRESSURE_SECONDS (ten minutes): an ordinary user floods, random messages come, discovery
controllers storm and die, the configuration is read again and again, bus, avahi-daemon and journal stand still, and
descriptors are short. Meanwhile no connection is cut that nobody asked to cut; afterwards the daemons do their work and
hold no more than before. What they hold is printed. In namespaces of its own, skipped (77) where the machine forbids
them; the floods need root, to be another user as well.
"""
import collections
import os
import pathlib
import random
import re
import resource
import signal
import socket
import sys
import threading

import namespaces
from bus_fuzz_story import ANSWER, Fuzzer, size
from harness import DISCOVERY_NQN, HOST_NQN, NAMES, SYSTEM_BUS_CONFIG, Story, main, nqn, stacd_conf, stafd_conf
from processes import Process, wait_for
from raw_bus import Client

SECONDS = float(os.environ.get("STAS_PRESSURE_SECONDS", "600"))
SEED = int(os.environ.get("STAS_PRESSURE_SEED", random.SystemRandom().randrange(1 << 32)))
HERE = pathlib.Path(__file__).resolve().parent
JOURNAL = pathlib.Path("/run/systemd/journal/socket")
NOBODY = 65534
STANDSTILL = 1.5  # seconds that something stands still
AFTERWARDS = 180  # seconds until all is well again: the longest pause between attempts, and a busy machine
GROWTH_KIB = 16 * 1024  # of a daemon; under 1 MiB was seen
SPARE = 2  # descriptors that it has left when they are short
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
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while entry := self.socket.recv(1 << 20):
            self.reads.wait()
            self.messages += 1
            self.last.append(entry)

    def close(self):
        self.reads.set()
        self.socket.shutdown(socket.SHUT_RD)
        self.socket.close()

    def tail(self):
        return b"\n".join(re.sub(rb"(?s)^(?:MESSAGE=)?(.*?)\n[A-Z].*", rb"\1", entry) for entry in self.last).decode()


class Everything(Story):
    bus = False

    def setUp(self):
        super().setUp()
        self.world.path.chmod(0o711)
        self.bus_daemon = self.world.start_bus(SYSTEM_BUS_CONFIG)
        self.journal = Journal()
        self.addCleanup(self.journal.close)
        self.world.env["WATCHDOG_USEC"] = "500000"
        self.over = threading.Event()
        self.rounds, self.problems = collections.Counter(), []
        self.kept = self.world.target("kept", name="kept")
        self.dying = self.world.target("dying", name="dying")
        self.found = self.world.target("found", name="found", traddr=namespaces.ADDRESSES[0], port=8009)
        self.avahi = self.world.add(namespaces.Avahi(self.world))
        self.avahi.publish_address("array", self.found.traddr)
        self.avahi.publish_service("array", 8009, "p=tcp", f"nqn={DISCOVERY_NQN}")
        self.stafd = self.world.stafd(stafd_conf(self.kept.controller(), self.dying.controller(), zeroconf="enabled"),
                                      "--syslog")
        self.stacd = self.world.stacd(stacd_conf(self.dying.controller(nqn("dying"))), "--syslog")
        self.daemons = (self.stafd, self.stacd)
        self.connects(self.stacd, "kept", "dying", "found")

    def _end(self):
        super()._end()
        self._logs += f"\n--- the end of the journal\n{self.journal.tail()}"

    # --- one round of each kind ---

    def flood(self, rng):
        how, connections, calls, method = rng.choice((
            ("unread", 6, 128, "list_controllers"), ("unread", 2, 5000, "no_such_method"),
            ("silent", 1, 5000, "get_all_log_pages"), ("greedy", 4, 16, "get_all_log_pages")))
        argv = [sys.executable, "-B", HERE / "flooder.py", self.world.env["DBUS_SYSTEM_BUS_ADDRESS"], NOBODY, how,
                connections, calls, method]
        flooder = Process("flooder", argv, dict(self.world.env, PYTHONPATH=str(HERE)))
        self.over.wait(rng.uniform(1, 5))
        flooder.stop(signal.SIGKILL)

    def fuzz(self, rng):
        client = Client(self.world.env["DBUS_SYSTEM_BUS_ADDRESS"])
        tids = [("tcp", "127.0.0.1", str(self.kept.port), DISCOVERY_NQN, "", "", HOST_NQN)]
        fuzzer = Fuzzer(client, rng.choice(list(NAMES.values())), tids, rng)
        for _ in range(100):
            fuzzer.step()
        client.close()

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

    # --- and all together ---

    def repeat(self, kind):
        rng = random.Random(f"{SEED} {kind.__name__}")
        try:
            while not self.over.wait(rng.uniform(0, 1)):
                kind(rng)
                self.rounds[kind.__name__] += 1
        except Exception as problem:  # pylint: disable=broad-except
            self.problems.append(f"{kind.__name__}: {problem!r}")
            self.over.set()

    def everything(self, seconds):
        self.over.clear()
        kinds = [self.fuzz, self.storm, self.reload, self.stand_still, self.unread_journal, self.shortage, self.death]
        if self.has_other_users():
            kinds.append(self.flood)
        else:
            print("SKIP: no floods: there is no other user here")
        threads = [threading.Thread(target=self.repeat, args=(kind,)) for kind in kinds]
        for thread in threads:
            thread.start()
        self.over.wait(seconds)
        self.over.set()
        for thread in threads:
            thread.join()
        self.assertEqual(self.problems, [])

    @staticmethod
    def has_other_users():
        ranges = [line.split() for line in pathlib.Path("/proc/self/uid_map").read_text().splitlines()]
        return any(int(first) <= NOBODY < int(first) + int(count) for first, _, count in ranges)

    def recovers(self):
        """What should be connected is, and nothing else."""
        wanted = {nqn(name) for name in ("kept", "dying", "found")}
        wait_for(f"{wanted} are connected", lambda: self.stacd.connected() == wanted, AFTERWARDS)
        wait_for("three discovery controllers are", lambda: len(self.stafd.connected()) == 3, AFTERWARDS)

    def told(self, what, counts):
        for daemon, (descriptors, threads, memory) in zip(self.daemons, counts):
            print(f"{what}: {daemon.name}: {descriptors} descriptors, {threads} threads, {memory / 1024:.1f} MiB")

    def counts(self):
        return [(*size(daemon), daemon.memory_kib()[0]) for daemon in self.daemons]

    def longest_silence(self, daemon):
        fed = [at for at, text in daemon.notify.messages if "WATCHDOG=1" in text]
        return max(later - earlier for earlier, later in zip(fed, fed[1:]))

    def test_ten_minutes(self):
        print(f"STAS_PRESSURE_SEED={SEED} STAS_PRESSURE_SECONDS={SECONDS:g}")
        held = self.kept.held("kept"), self.found.held("found")
        self.everything(SECONDS / 10)  # what is taken once and kept
        self.recovers()
        before = self.counts()
        self.told("before", before)
        self.everything(SECONDS * 9 / 10)
        self.recovers()
        for daemon, (descriptors, threads, memory) in zip(self.daemons, before):
            wait_for(f"{daemon.name} has no more descriptors and threads than before: {descriptors}, {threads}",
                     lambda of=daemon, was=(descriptors, threads): all(n <= w for n, w in zip(size(of), was)), ANSWER)
            self.assertLess(daemon.memory_kib()[0] - memory, GROWTH_KIB, daemon.name)
        self.told("after", self.counts())
        print(f"rounds: {dict(self.rounds)}; {self.journal.messages} messages in the journal")
        for daemon in self.daemons:
            print(f"{daemon.name}: the watchdog was fed after {self.longest_silence(daemon):.1f} s at the latest")
        self.assertEqual((self.kept.held("kept"), self.found.held("found")), held, "no connection was cut")
        for daemon in reversed(self.daemons):
            self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    WHY_NOT = namespaces.enter(*namespaces.AVAHI, users=True)
    if WHY_NOT is not None:
        print(f"SKIP: no namespaces here: {WHY_NOT}")
        sys.exit(77)
    main()
