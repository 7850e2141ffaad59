# SPDX-License-Identifier: Apache-2.0
"""Everything at once, for STAS_PRESSURE_SECONDS (ten minutes): an ordinary user floods, random messages come, discovery
controllers storm and die, the configuration is read again and again, bus, avahi-daemon and journal stand still, and
descriptors are short. Meanwhile no connection is cut that nobody asked to cut; afterwards the daemons do their work and
hold no more than before. What they hold is printed. In namespaces of its own, skipped (77) where the machine forbids
them; the floods need root, to be another user as well.
"""
import os
import pathlib
import random
import signal
import sys

import namespaces
from bus_fuzz_story import ANSWER, Fuzzer, size
from harness import DISCOVERY_NQN, HOST_NQN, NAMES, main
from processes import Process, wait_for
from raw_bus import Client
from trouble import Trouble

SECONDS = float(os.environ.get("STAS_PRESSURE_SECONDS", "600"))
SEED = int(os.environ.get("STAS_PRESSURE_SEED", random.SystemRandom().randrange(1 << 32)))
HERE = pathlib.Path(__file__).resolve().parent
NOBODY = 65534
GROWTH_KIB = 16 * 1024  # of a daemon; under 1 MiB was seen


class Everything(Trouble):
    seed = SEED

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

    def everything(self, seconds):
        kinds = [self.fuzz, self.storm, self.reload, self.stand_still, self.unread_journal, self.shortage, self.death]
        if self.has_other_users():
            kinds.append(self.flood)
        else:
            print("SKIP: no floods: there is no other user here")
        self.together(seconds, *kinds)

    @staticmethod
    def has_other_users():
        ranges = [line.split() for line in pathlib.Path("/proc/self/uid_map").read_text().splitlines()]
        return any(int(first) <= NOBODY < int(first) + int(count) for first, _, count in ranges)

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
