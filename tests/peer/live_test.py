# SPDX-License-Identifier: Apache-2.0
"""Our daemons beside the recorded ones of nvme-stas 2.4.1 while they run (recorded_live.txt): the members of its bus
interfaces, all and no others, and each kind of line in its journal. Each difference is in NEWS.md in the words given here.
"""
import pathlib
import re
import sys
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from harness import Story, main, nqn, stacd_conf, stafd_conf  # noqa: E402

NEWS = " ".join((HERE.parents[1] / "NEWS.md").read_text().split())
RECORDED = {name: text.strip().splitlines() for name, text in
            re.findall(r"^\[([\w.]+)\]\n(.*?)(?=^\[[\w.]+\]\n|\Z)", (HERE / "recorded_live.txt").read_text(), re.M | re.S)}

# What NEWS.md says, the recorded line, and ours in its place ("": none).
DIFFERENCES = [
    ("`Connecting to the system bus.` is not logged any more", r"^Connecting to the system bus\.$", ""),
    ("A connect that fails says why", r"(Failed to connect to controller\.) RuntimeError .*", r"\1 REASON"),
    ("`Disconnect initiated` is followed by the reason", r"Disconnect initiated$", r"Disconnect initiated: REASON"),
    ("Configuration errors name file and line", r"^File:FILE", r"File:FILE:N:"),
    ("keeps the value in force", r"\"\['(\w+)'\]\"\. Default will be used", r'"\1"; the previous value stays'),
]


def kind(line, path):
    """The line with placeholders, as in recorded_live.txt."""
    line = re.sub(r"\((?:tcp|rdma|fc|loop), [^()]*\)", "TID", line.replace(str(path), "FILE"))
    line = re.sub(r"(records=)\d+", r"\1N", re.sub(r"\b(?:nvme|user)\d+\b", "nvmeN", line))
    line = re.sub(r"(?<=FILE):\d+:", ":N:", line)
    line = re.sub(r"(Failed to connect to controller\.|Disconnect initiated:) .*", r"\1 REASON", line)
    return re.sub(r"; the previous value stays - did you mean .*", "; the previous value stays", line)


class Live(Story):
    def members(self, daemon, name):
        """What busctl says of the interfaces that 2.4.1 has."""
        told = self.world.busctl("introspect", "--no-pager", name, "/" + name.replace(".", "/")).stdout
        ours, rows = (name, name + ".debug"), []
        for row in [" ".join(line.split()) for line in told.splitlines()[1:]]:
            if not row.startswith("."):
                interface = row.split()[0]
            if interface in ours:
                rows.append(row)
        return rows

    def lived(self):
        """A target, both daemons, and what made 2.4.1 write what was recorded; (stafd, stacd)."""
        target = self.world.target("one", "two")
        gone = self.world.target("gone", name="gone")
        stafd = self.world.stafd(stafd_conf(target.controller(), gone.controller(), zeroconf="enabled"))
        stacd = self.world.stacd(stacd_conf(target.controller(nqn("nothere"))))
        self.connects(stacd, "one", "two", "gone")
        target.rpc("subsystem.add", nqn=nqn("three"))
        self.connects(stacd, "one", "two", "three", "gone")
        stafd.line("Received AEN")
        stacd.line("Failed to connect")
        self.world.write_conf("stacd", stacd_conf(exclude=[f"nqn={nqn('two')}"]))
        stacd.reload()
        self.connects(stacd, "one", "three", "gone")
        stacd.line('Received "remove" event')
        self.world.write_conf("stafd", stafd_conf(target.controller()))
        stafd.reload()
        stafd.line("Disconnect initiated")
        self.world.write_conf("stafd", stafd_conf(target.controller(), f"transport=tcp;traddr={target.traddr};trsvcid=1"))
        stafd.reload()
        stafd.line("Failed to connect")
        self.world.write_conf("stafd", "[Global]\ntron=maybe\nip-family=ipv7\nkato=abc\n[Controllers]\nfrob=1\n"
                              f"controller={target.controller()}\n[Bogus]\n")
        stafd.reload()
        return stafd, stacd

    def test_bus_and_journal(self):
        stafd, stacd = self.lived()
        for daemon, name in ((stafd, "org.nvmexpress.staf"), (stacd, "org.nvmexpress.stac")):
            with self.subTest(name):
                self.assertEqual(self.members(daemon, name), [" ".join(row.split()) for row in RECORDED[name]])
        used = set()
        for daemon in (stafd, stacd):
            said = {kind(text, self.world.path / f"{daemon.name}.conf") for _, text in daemon.lines}
            for line in RECORDED[daemon.name]:
                for news, theirs, ours in DIFFERENCES:
                    before, line = line, re.sub(theirs, ours, line)
                    if line != before:
                        used.add(news)
                if line:
                    self.assertIn(line, said)
            self.assertNotIn("Connecting to the system bus.", said)
        self.assertEqual(used, {news for news, _, _ in DIFFERENCES}, "differences that are none")

    def test_the_news_have_the_words(self):
        for news, _, _ in DIFFERENCES:
            self.assertTrue(news in NEWS, f"not in NEWS.md: {news}")


if __name__ == "__main__":
    sys.exit(main())
