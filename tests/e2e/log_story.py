# SPDX-License-Identifier: Apache-2.0
"""A log that nobody reads holds up nothing: journald may wait for the disk that stacd is to bring back. The journal's
socket has a fixed path, so that half needs namespaces of its own and is skipped where the machine forbids them."""
import fcntl
import os
import pathlib
import re
import signal
import socket
import threading
import unittest

import namespaces
from harness import SOURCE, Story, main, nqn, stacd_conf

JOURNAL = pathlib.Path("/run/systemd/journal/socket")
PIPE = 4096  # bytes: what a page holds, so that the writer stands still at once
FIRST = 4  # the first controller= line of stacd_conf()
LINES = 500  # of one reading of the configuration; more are not told
RELOADS = 20  # makes more than what may wait in memory (1 MiB)
WATCHDOG_USEC = 500_000
DROPPED = re.compile(r"^(\d+) messages were dropped here")
WRONG_LINE = re.compile(r"stacd\.conf:(\d+)")
TOPIC = re.compile(r'Topic::\w+, "([^"]+)", "([0-9a-f]{32})"')
WHY_NOT = None


class UnreadLog(Story):
    def noisy_stacd(self, *args, **kwargs):
        """Each reading of its configuration says LINES times what is wrong."""
        return self.world.stacd(stacd_conf(*["nonsense"] * LINES), *args,
                                env={"WATCHDOG_USEC": str(WATCHDOG_USEC)}, **kwargs)

    def works(self, stacd):
        """Far more is said than anybody takes, and meanwhile the loop goes round."""
        for _ in range(RELOADS):
            stacd.reload()
        fed = stacd.notify.count("WATCHDOG=1")
        stacd.notify.wait("WATCHDOG=1", fed + 3)
        self.assertEqual(self.world.ctl("stacctl", "status")["tron"], False)

    def ends(self, stacd):
        stacd.kill(signal.SIGTERM)
        self.assertEqual(stacd.wait(), 0)

    def is_whole_again(self, messages):
        """What is written is in order, and what is missing is told where it is missing."""
        self.eventually("the number of what is missing", lambda: any(map(DROPPED.match, messages)))
        self.assertGreater(sum(1 for message in messages if WRONG_LINE.search(message)), LINES)
        last = None
        for message in messages:
            number = WRONG_LINE.search(message)
            if number and last and int(number[1]) not in (last + 1, FIRST):
                self.fail(f"{last} is followed by {message}")
            if number or DROPPED.match(message):
                last = int(number[1]) if number else None


class UnreadStandardError(UnreadLog):
    def setUp(self):
        super().setUp()
        self.reader, writer = os.pipe()
        fcntl.fcntl(writer, fcntl.F_SETPIPE_SZ, PIPE)
        self.stacd = self.noisy_stacd(stderr=writer)
        os.close(writer)

    def test_the_daemon_works_and_ends(self):
        self.works(self.stacd)
        self.ends(self.stacd)
        os.close(self.reader)

    def test_what_was_dropped_is_told_when_there_is_room_again(self):
        self.works(self.stacd)
        lines = []

        def read():
            with os.fdopen(self.reader) as reader:
                lines.extend(reader)

        reading = threading.Thread(target=read, daemon=True)
        reading.start()
        self.is_whole_again(lines)
        self.ends(self.stacd)
        reading.join()


class UnreadJournal(UnreadLog):
    def setUp(self):
        if WHY_NOT is not None:
            self.skipTest(f"no namespaces here: {WHY_NOT}")
        super().setUp()
        JOURNAL.parent.mkdir(parents=True, exist_ok=True)
        JOURNAL.unlink(missing_ok=True)
        self.journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.journal.close)
        self.journal.bind(str(JOURNAL))
        self.stacd = self.noisy_stacd("--syslog")

    def test_the_daemon_works_and_ends(self):
        self.works(self.stacd)
        self.ends(self.stacd)
        self.assertEqual(self.stacd.text(), "", "a journal that is there, if slow, is the only place")

    def test_a_line_has_its_message_id_and_its_fields(self):
        target = self.world.target("one")
        self.world.write_conf("stacd", stacd_conf(target.controller(nqn("one"))))
        seen = {}

        def read():
            while entry := self.journal.recv(65536).decode():
                fields = dict(line.split("=", 1) for line in entry.splitlines() if "=" in line)
                seen.setdefault(fields.get("MESSAGE_ID"), fields)

        reading = threading.Thread(target=read, daemon=True)
        reading.start()
        self.stacd.reload()
        ids = {name: number for name, number in TOPIC.findall((SOURCE / "libstas/core/base/topic.cpp").read_text())}
        self.eventually("the connection is told", lambda: ids["connected"] in seen)
        connected, mistake = seen[ids["connected"]], seen[ids["configuration"]]
        self.assertIn(nqn("one"), connected["STAS_TID"])
        self.assertRegex(connected["STAS_DEVICE"], r"^\w+\d+$")
        self.assertEqual(mistake["STAS_SOURCE"], f"{self.world.path}/stacd.conf:{FIRST}")
        self.assertEqual(mistake["PRIORITY"], "3")
        self.ends(self.stacd)
        self.journal.shutdown(socket.SHUT_RD)
        reading.join()

    def test_a_journal_that_reads_again_has_the_rest_and_what_is_missing(self):
        self.works(self.stacd)
        messages = []

        def read():
            while entry := self.journal.recv(65536):
                messages.append(re.search(rb"^MESSAGE=(.*)$", entry, re.M)[1].decode())

        reading = threading.Thread(target=read, daemon=True)
        reading.start()
        self.is_whole_again(messages)
        self.ends(self.stacd)
        self.journal.shutdown(socket.SHUT_RD)
        reading.join()


if __name__ == "__main__":
    WHY_NOT = namespaces.enter()
    main()
