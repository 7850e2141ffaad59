# SPDX-License-Identifier: Apache-2.0
"""Who this host is (sys.conf): what cannot be understood leaves it what it was, at a reload and over a restart."""
import json
import os
import time

from faulty_files import directory, fifo, forbidden, remove, write
from harness import HOST_ID, HOST_NQN, SOAK, Story, main, nqn, stacd_conf, stafd_conf

OTHER_NQN = "nqn.2014-08.org.nvmexpress:uuid:0e6f9d1c-5a0b-4f0e-8a1d-3c5b7a9e2f04"
GOOD = f"[Host]\nnqn={HOST_NQN}\nid={HOST_ID}\nkey=\n"
KEY = "DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:"

# What happens to the file, and what the one error about it says.
BROKEN = {
    "unclosed section header": (write(f"[Host\nnqn={OTHER_NQN}\nid={HOST_ID}\n"), r"sys\.conf:1: "),
    "text that is no option": (write(f"nqn={OTHER_NQN}\n[Host]\nid={HOST_ID}\n"), r"sys\.conf:1: "),
    "bytes that are no text": (write(f"[Host]\nid={HOST_ID}\n".encode() + b"nqn=nqn.\xff\xfe\n"), r"sys\.conf:3: .*UTF-8"),
    "cut in the middle of the NQN": (write(GOOD[:GOOD.index("uuid:") + 9]), r"sys\.conf:2: .*cut"),
    "cut before the first value": (write("[Host]"), r"sys\.conf:1: .*cut"),
    "nothing in it": (write(""), r"sys\.conf: .*empty"),
    "a directory": (directory, r"sys\.conf: Is a directory"),
    "a FIFO": (fifo, r"sys\.conf: is no regular file"),
    "a misspelt section": (write(GOOD.replace("[Host]", "[Hosts]")), r"sys\.conf:1: .*Hosts"),
    "a misspelt option": (write(GOOD.replace("nqn=nqn", "nqm=nqn")), r"sys\.conf:2: .*nqm"),
}
if os.geteuid() != 0:
    BROKEN["no permission"] = (forbidden, r"sys\.conf: Permission denied")


class Identity(Story):
    def setUp(self):
        super().setUp()
        self.file = self.world.path / "sys.conf"
        self.target = self.world.target("one")
        self.stafd = self.world.stafd(stafd_conf(self.target.controller()))
        self.stacd = self.world.stacd(stacd_conf())
        self.connects(self.stacd, "one")
        self.held = self.target.held("one")

    def reset(self):
        remove(self.file)
        self.file.write_text(GOOD)

    def nqn_of(self, daemon):
        return self.world.ctl(daemon.tool, "status")["hostnqn"]

    def check_same_host(self, *daemons):
        for daemon in daemons:
            self.assertEqual((self.nqn_of(daemon), daemon.count("Disconnect initiated")), (HOST_NQN, 0))
        self.assertEqual(self.target.held("one"), self.held)

    def test_what_is_not_understood_at_a_reload_leaves_the_identity(self):
        for fault, (spoil, said) in BROKEN.items():
            with self.subTest(fault):
                self.reset()
                spoil(self.file)
                for daemon in (self.stafd, self.stacd):
                    mark = daemon.mark()
                    daemon.reload()
                    daemon.line(said, mark)
                    self.assertEqual(daemon.count("previous host identity stays in force", mark), 1)
        self.file.unlink()
        for daemon in (self.stafd, self.stacd):
            mark = daemon.mark()
            daemon.reload()
            _, text = daemon.line(r"sys\.conf: the file is gone", mark)
            self.assertIn("an existing file with nothing but a comment", text.lower())
        time.sleep(SOAK + 0.3)
        self.check_same_host(self.stafd, self.stacd)

    def test_over_a_restart_the_identity_from_before_counts(self):
        for daemon in (self.stafd, self.stacd):
            self.eventually("the host is saved", daemon.state_file.exists)
            saved = json.loads(daemon.state_file.read_text())["host"]
            self.assertEqual(saved, {"nqn": HOST_NQN, "id": HOST_ID})
        stacd = self.stacd
        for fault, (spoil, said) in BROKEN.items():
            with self.subTest(fault):
                self.reset()
                spoil(self.file)
                stacd.stop()
                stacd = self.world.stacd()
                stacd.line(said)
                self.assertEqual(stacd.count("stays what it was before the restart"), 1)
                self.assertEqual(self.nqn_of(stacd), HOST_NQN)
        self.connects(stacd, "one")
        self.assertEqual({row["hostnqn"] for row in self.target.hosts_of(nqn("one"))}, {HOST_NQN})

    def test_with_nothing_saved_the_file_counts_as_far_as_it_can_be_read(self):
        self.stacd.stop()
        self.stacd.state_file.unlink()
        self.file.write_text(GOOD + "no-such-option=1\n")
        stacd = self.world.stacd()
        stacd.line(r"sys\.conf:5: .*no-such-option")
        self.assertEqual(self.nqn_of(stacd), HOST_NQN)

    def test_a_key_is_only_taken_from_a_file_that_was_understood(self):
        self.stacd.stop()
        self.file.write_text(GOOD.replace("key=", f"key={KEY}").replace("[Host]", "[Host"))
        stacd = self.world.stacd()
        self.assertIsNone(self.world.ctl("stacctl", "status")["hostkey"])
        self.assertNotIn("DHHC", stacd.text() + stacd.state_file.read_text())
        self.file.write_text(GOOD.replace("key=", f"key={KEY}"))
        stacd.reload()
        self.assertEqual(self.world.ctl("stacctl", "status")["hostkey"], "***")
        self.assertNotIn("DHHC", stacd.text() + stacd.state_file.read_text())

    def test_a_file_without_the_host_is_read_as_before(self):
        self.stacd.stop()
        known = json.loads(self.stacd.state_file.read_text())
        del known["host"]
        self.stacd.state_file.write_text(json.dumps(known))
        stacd = self.world.stacd()
        self.assertEqual(stacd.count("host identity"), 0)
        self.eventually("the host is saved", lambda: "host" in json.loads(stacd.state_file.read_text()))
        self.assertEqual(self.nqn_of(stacd), HOST_NQN)

    def test_one_file_that_is_broken_does_not_hold_back_the_other(self):
        other = self.world.target("two", name="other")
        self.file.write_text("[Host\n")
        self.world.write_conf("stacd", stacd_conf(other.controller(nqn("two"))))
        self.stacd.reload()
        self.connects(self.stacd, "one", "two")
        self.file.write_text(GOOD.replace("key=", f"key={KEY}"))
        self.world.write_conf("stacd", "[Global\n")
        self.stacd.reload()
        self.assertEqual(self.world.ctl("stacctl", "status")["hostkey"], "***")
        time.sleep(SOAK + 0.3)
        self.connects(self.stacd, "one", "two")


if __name__ == "__main__":
    main()
