# SPDX-License-Identifier: Apache-2.0
"""Log pages that are longer, all together, than a message on the bus may be.

pages_story.py: what must always hold; pages_story.py Largest: as many entries as are kept at all, which takes minutes.
"""
import sys
import unittest

from harness import NAMES, Story, main, nqn, stacd_conf, stafd_conf
from raw_bus import Client

STAF = (NAMES["stafd"], "/org/nvmexpress/staf", NAMES["stafd"])
MESSAGE = 32 << 20  # bytes
LIMIT = 100         # seconds for what takes two on an idle machine


class Pages(Story):
    def start(self, controllers, count, text_bytes):
        """A target on which each of the discovery controllers lists so many entries, and a subsystem that exists."""
        padding = "x" * (text_bytes - len(nqn("12345-")))
        entries = [{"subtype": 3, "traddr": padding, "trsvcid": "4420", "subnqn": nqn(f"{number:05}-{padding}")}
                   for number in range(count)]
        self.target = self.world.target("one", raw_entries=entries, self_entries=False, listeners=controllers)
        lines = [f"transport=tcp;traddr=127.0.0.1;trsvcid={listener['trsvcid']}" for listener in self.target.listeners]
        self.stafd = self.world.stafd(stafd_conf(*lines))
        self.eventually("all pages are read", lambda: self.stafd.count(r"num records=\d{4}") == controllers, LIMIT)
        self.stacd = self.world.stacd(stacd_conf(nr_io_queues=1))

    def connects_to(self, *names):
        wanted = {nqn(name) for name in names}
        self.eventually(f"connected to {names}", lambda: self.stacd.connected() == wanted, LIMIT)

    def check(self):
        self.connects_to("one")
        client = Client(self.world.env["DBUS_SYSTEM_BUS_ADDRESS"])
        self.addCleanup(client.close)
        error, _, text = client.answer(client.send(*STAF, "get_all_log_pages", args=(True,)), LIMIT)
        self.assertEqual(error, "org.freedesktop.DBus.Error.LimitsExceeded")
        self.assertIn("get_log_pages", text)
        self.target.rpc("subsystem.add", nqn=nqn("two"))
        self.connects_to("one", "two")
        self.target.rpc("subsystem.remove", nqn=nqn("one"))
        self.connects_to("two")
        for daemon in (self.stafd, self.stacd):
            self.assertTrue(daemon.alive())
            self.assertEqual(daemon.count("Lost the system bus|[Ff]ailed"), 0)
            print(f"{daemon.name}: {daemon.memory_kib()[0] // 1024} MiB")


class Usual(Pages):
    def test_more_than_a_message_can_hold_reaches_stacd(self):
        count, text_bytes = 28000, 220
        self.assertGreater(2 * count * (2 * text_bytes + 180), MESSAGE)
        self.start(2, count, text_bytes)
        self.check()


class Largest(Pages):
    def test_ten_pages_of_the_largest_size(self):
        self.start(10, 65534, 60)
        self.check()


def load_tests(loader, _standard, _pattern):
    """The long one only when it is named."""
    return unittest.TestSuite(loader.loadTestsFromTestCase(case) for case in (Usual,))


if __name__ == "__main__":
    if "Largest" in sys.argv:
        LIMIT = 600
    main()
