# SPDX-License-Identifier: Apache-2.0
"""A soak: for STAS_SOAK_SECONDS the daemons are killed, the bus, avahi-daemon and the discovery controllers start anew, the
clock jumps, besides the trouble of trouble.py. Discovery controllers, the journal and this machine each go their own way,
so that troubles meet. Counted are disconnects that nobody asked for (none), descriptors that are left over
(none), what the daemons grow by, and lines of the journal.

By hand for hours: STAS_SOAK_SECONDS=7200 meson test -C build pressure-soak -t 100 -v. STAS_SOAK_SEED
repeats a run. In namespaces of its own, skipped (77) where the machine forbids them.
"""
import os
import pathlib
import random
import re
import signal
import struct
import sys

import namespaces
from bus_fuzz_story import ANSWER, size
from harness import SYSTEM_BUS_CONFIG, main, sanitized_by
from processes import wait_for
from trouble import AFTERWARDS, STANDSTILL, STORM, Trouble

SECONDS = float(os.environ.get("STAS_SOAK_SECONDS", "20"))
SEED = int(os.environ.get("STAS_SOAK_SEED", random.SystemRandom().randrange(1 << 32)))
LIBRARY = os.environ.get("STAS_JUMPING_CLOCK_LIBRARY")
DISCONNECTING = b"248160aea6a04f1bb557cc280c31d876"  # the MESSAGE_ID, libstas/core/base/topic.cpp
GROWTH_KIB = 16 * 1024  # of a daemon; 1 MiB was seen
VARY = 4  # descriptors; 19 and 21 of stacd were seen when all was well. What leaks is more after some minutes.
THREADS = 20  # 16 workers, started as they are needed, the loop, mDNS, the journal
# Seconds by which the clock is wrong.
JUMPS = (0, 1, -1, 3600, -3600, 86400 * 365, -86400 * 365, (1 << 31) + 7)
END = 35  # seconds within which a daemon without a bus has ended; systemd's patience is 30


class Soak(Trouble):
    seed = SEED

    def setUp(self):
        if LIBRARY and not (sanitized_by("asan") or sanitized_by("tsan")):  # those have functions of their own
            self.clock = pathlib.Path("/run/clock")
            self.clock.write_bytes(bytes(8))
            self.daemon_env = {"LD_PRELOAD": LIBRARY, "STAS_CLOCK_FILE": str(self.clock)}
        super().setUp()
        self.lasts = self.held()

    def held(self):
        return self.kept.held("kept"), self.found.held("found")

    def is_not_cut(self):
        """As long as stacd lives, its connections do."""
        if self.held() != self.lasts:
            raise AssertionError(f"connections that are wanted were cut: {self.lasts} became {self.held()}")

    def stacd_is_another(self):
        """Its connections end with it on the user fabric, and are made again."""
        def again():
            there = self.held()
            return all(there) and there[0] != self.lasts[0] and there[1] != self.lasts[1]
        wait_for("another stacd has connected again", again, AFTERWARDS)
        self.lasts = self.held()

    # --- trouble on this machine ---

    def death_of_stafd(self, rng):
        self.stafd.stop(signal.SIGKILL)
        self.stafd.notify.close()
        self.over.wait(rng.uniform(0, STANDSTILL))
        self.stafd = self.world.stafd(None, "--syslog", env=self.daemon_env)

    def death_of_stacd(self, rng):
        self.is_not_cut()
        self.stacd.stop(signal.SIGKILL)
        self.stacd.notify.close()
        self.over.wait(rng.uniform(0, STANDSTILL))
        self.stacd = self.world.stacd(None, "--syslog", env=self.daemon_env)
        self.stacd_is_another()

    def another_bus(self, rng):
        """Without a bus the daemons end, in time, and the service manager starts them again."""
        self.is_not_cut()
        self.end_avahi()
        self.bus_daemon.stop(rng.choice((signal.SIGTERM, signal.SIGKILL)))
        for daemon in self.daemons:
            daemon.wait(END)
            daemon.notify.close()
        self.bus_daemon = self.world.start_bus(SYSTEM_BUS_CONFIG)
        self.start_avahi()
        self.start_daemons()
        self.stacd_is_another()

    def end_avahi(self, number=signal.SIGTERM):
        for announcer in self.announcers:
            announcer.stop(signal.SIGKILL)
        self.avahi.stop(number)

    def another_avahi(self, rng):
        self.end_avahi(rng.choice((signal.SIGTERM, signal.SIGKILL)))
        self.over.wait(rng.uniform(0, 2 * STANDSTILL))
        self.start_avahi()

    def clock_jump(self, rng):
        if self.daemon_env:
            with open(self.clock, "r+b") as file:
                file.write(struct.pack("=q", rng.choice(JUMPS)))

    # --- and all together ---

    def this_machine(self, rng):
        kind = rng.choice(self.kinds)
        kind(rng)
        self.rounds[kind.__name__] += 1
        self.is_not_cut()

    def soak(self, seconds, *kinds):
        self.kinds = [self.reload, self.stand_still, self.another_avahi, self.clock_jump, *kinds]
        if not sanitized_by("ubsan"):  # it needs descriptors itself, and takes their want for a fault
            self.kinds.append(self.shortage)
        self.together(seconds, self.this_machine, self.storm, self.death, self.unread_journal)
        self.recovers()
        self.is_not_cut()

    def wrong_disconnects(self):
        """What the daemons say that they have cut; the storm's subsystems come and go."""
        return [entry.decode(errors="replace") for entry in self.journal.found
                if not re.search("|".join(STORM).encode(), entry)]

    def test_soak(self):
        print(f"STAS_SOAK_SEED={SEED} STAS_SOAK_SECONDS={SECONDS:g}")
        self.journal.keep(DISCONNECTING)
        self.soak(SECONDS / 2, self.death_of_stafd, self.death_of_stacd, self.another_bus)
        before = [(size(daemon)[0], daemon.memory_kib()[0]) for daemon in self.daemons]
        self.soak(SECONDS / 2)  # in one life
        for daemon, (descriptors, memory) in zip(self.daemons, before):
            wait_for(f"{daemon.name} has no more descriptors than before: {descriptors}",
                     lambda of=daemon, was=descriptors: size(of)[0] <= was + VARY, ANSWER)
            now, threads = size(daemon)
            grown = daemon.memory_kib()[0] - memory
            print(f"{daemon.name}: {descriptors} descriptors before, {now} after; {threads} threads; grew by {grown} KiB")
            if not sanitized_by("asan"):  # it keeps what was given back
                self.assertLess(grown, GROWTH_KIB, daemon.name)
            self.assertLessEqual(threads, THREADS)
        self.assertEqual(self.wrong_disconnects(), [])
        print(f"rounds: {dict(sorted(self.rounds.items()))}")
        print(f"{self.journal.messages * 3600 / SECONDS:.0f} lines of the journal in an hour of this; no wrong disconnect")
        for daemon in reversed(self.daemons):
            self.assertEqual(daemon.stop(), 0)


if __name__ == "__main__":
    WHY_NOT = namespaces.enter(*namespaces.AVAHI, users=True)
    if WHY_NOT is not None:
        print(f"SKIP: no namespaces here: {WHY_NOT}")
        sys.exit(77)
    main()
