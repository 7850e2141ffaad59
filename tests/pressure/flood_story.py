# SPDX-License-Identifier: Apache-2.0
"""An ordinary user floods a daemon on the bus; the administrator is served, and the memory of nobody fills up."""
import json
import os
import pathlib
import sys
import time
import unittest

from harness import NAMES, Story, main, nqn, stafd_conf
from processes import Process
from raw_bus import Client

HERE = pathlib.Path(__file__).resolve().parent
NOBODY = 65534
MIB = 1 << 20
# What one user may leave unread (kMaxUnread of libstas/sys/bus/bus_ledger.h, half of it, and what errors may add).
USER_SHARE = 34 * MIB
GROWTH_KIB = 64 * 1024  # of a daemon while it is flooded
ENTRIES = 2000
STAF = (NAMES["stafd"], "/org/nvmexpress/staf", NAMES["stafd"])


def entries(count):
    """Log page entries as a target serves them, of subsystems that do not exist."""
    return [{"trtype": 3, "traddr": "127.0.0.1", "trsvcid": "4420", "subnqn": nqn(f"subsystem-{number}")}
            for number in range(count)]


def processor_seconds(process):
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@unittest.skipUnless(os.geteuid() == 0, "needs root, to be another user as well")
class Flood(Story):
    def setUp(self):
        super().setUp()
        self.world.path.chmod(0o711)
        target = self.world.target("one", raw_entries=entries(ENTRIES))
        # Memory that was given back counts as such, with AddressSanitizer too.
        now = "quarantine_size_mb=0:thread_local_quarantine_size_kb=0"
        env = {"ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:{now}"}
        self.stafd = self.world.stafd(stafd_conf(target.controller()), env=env)
        self.eventually("the page is read", lambda: self.stafd.count("num records="))

    def flooder(self, how, connections, calls, method):
        argv = [sys.executable, "-B", HERE / "flooder.py", self.world.env["DBUS_SYSTEM_BUS_ADDRESS"], NOBODY, how,
                connections, calls, method]
        return self.world.add(Process("flooder", argv, dict(self.world.env, PYTHONPATH=str(HERE.parent / "e2e"))))

    def as_nobody(self, how, calls=1, method="list_controllers"):
        """Whether the calls of an ordinary user are answered, and none with an error."""
        return self.flooder(how, 1, calls, method).wait() == 0

    def flood(self, how, connections, calls, method="get_all_log_pages"):
        """Returns the process and the names of its connections."""
        flooder = self.flooder(how, connections, calls, method)
        return flooder, flooder.line("^flooded", limit=120)[1].split()[1:]

    def unread(self, names):
        """Bytes that the bus keeps for these connections."""
        total = 0
        for name in names:
            done = self.world.busctl("--json=short", "call", "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                     "org.freedesktop.DBus.Debug.Stats", "GetConnectionStats", "s", name)
            self.assertEqual(done.returncode, 0, done.stderr)
            total += json.loads(done.stdout)["data"][0]["OutgoingBytes"]["data"]
        return total

    def client(self):
        client = Client(self.world.env["DBUS_SYSTEM_BUS_ADDRESS"])
        self.addCleanup(client.close)
        return client

    def list_controllers(self, client):
        """How many milliseconds the answer took."""
        begin = time.monotonic()
        error, _, text = client.answer(client.send(*STAF, "list_controllers", args=(True,)))
        self.assertEqual(error, "", text)
        return (time.monotonic() - begin) * 1000

    def test_answers_that_nobody_reads_have_a_bound(self):
        admin = self.client()
        self.list_controllers(admin)
        before = self.stafd.memory_kib()[0]
        flooder, names = self.flood("unread", 6, 128)
        took = [self.list_controllers(admin) for _ in range(20)]
        if self.world.bus_daemon.counts_unread:
            unread = [0, 1]
            while unread[-1] > unread[-2]:
                time.sleep(0.2)
                unread.append(self.unread(names))
            print(f"unread {unread[-1] / MIB:.1f} MiB")
            self.assertGreater(unread[-1], USER_SHARE / 2, "the flood never came near the bound")
            self.assertLess(unread[-1], USER_SHARE)
        grown = self.stafd.memory_kib()[0] - before
        print(f"stafd grew by {grown / 1024:.1f} MiB; ls took at most {max(took):.0f} ms")
        self.assertLess(grown, GROWTH_KIB)
        self.list_controllers(admin)

        flooder.stop()
        self.eventually("the user is served again", lambda: self.as_nobody("reads"))

    def test_small_answers_and_errors_that_nobody_reads_have_a_bound(self):
        admin = self.client()
        _, names = self.flood("unread", 2, 20000, method="no_such_method")
        self.list_controllers(admin)
        if self.world.bus_daemon.counts_unread:
            self.assertLess(self.unread(names), USER_SHARE)

    def test_calls_that_want_no_answer_cost_nothing(self):
        before = processor_seconds(self.stafd)
        self.flood("silent", 1, 10000, method="get_all_log_pages")
        spent = processor_seconds(self.stafd) - before
        print(f"10,000 calls took {spent:.2f} s of stafd's processor time")
        self.assertLess(spent, 5)

    def test_who_reads_is_not_taken_for_one_who_does_not(self):
        self.assertTrue(self.as_nobody("reads", 100, "get_all_log_pages"))  # more than a user may leave unread

    def test_who_reads_and_asks_again_does_not_keep_others_waiting(self):
        admin = self.client()
        self.flood("greedy", 8, 16)
        took = [self.list_controllers(admin) for _ in range(50)]
        print(f"ls took {sum(took) / len(took):.0f} ms, at most {max(took):.0f} ms")
        self.assertEqual(len(self.stafd.ls()), 1)


if __name__ == "__main__":
    main()
