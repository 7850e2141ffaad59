# SPDX-License-Identifier: Apache-2.0
"""stafd.conf and stacd.conf that are no files, at a reload and at a start: nothing is cut, and one loud line names the
file. What a user may see who is not root: a file that may not be read is among them then."""
import os
import time

from faulty_files import directory, fifo, forbidden, remove
from harness import SOAK, Daemon, Story, main, nqn, stacd_conf, stafd_conf

# What happens to the file, and what is said about it.
FAULTS = {
    "gone": (remove, "No such file or directory"),
    "a directory": (directory, "Is a directory"),
    "a FIFO": (fifo, "is no regular file"),
}
if os.geteuid() != 0:
    FAULTS["no permission"] = (forbidden, "Permission denied")
IN_FORCE = "the previous configuration stays in force"
CUTS_LEAST = "the defaults that cut least apply, and no connection that is known from before is cut"
HOW_TO_MEAN_IT = "An existing file with nothing but a comment in it means the defaults, without any controller"


class ConfFiles(Story):
    """A line in each file: stafd's leads to "listed", stacd's to "line"."""

    def setUp(self):
        super().setUp()
        self.shelf = self.world.target("listed", name="shelf")
        self.direct = self.world.target("line", name="direct")
        self.good = {"stafd": stafd_conf(self.shelf.controller()),
                     "stacd": stacd_conf(self.direct.controller(nqn("line")))}
        self.daemons = {"stafd": self.world.stafd(self.good["stafd"]), "stacd": self.world.stacd(self.good["stacd"])}
        self.connects(self.daemons["stacd"], "listed", "line")
        self.held = self.held_now()

    def held_now(self):
        return self.shelf.held("listed") + self.direct.held("line")

    def spoil(self, name, spoil):
        path = self.world.path / f"{name}.conf"
        remove(path)
        path.write_text(self.good[name])
        spoil(path)

    def start(self, name):
        """With the file as it is."""
        self.daemons[name] = self.world.add(Daemon(self.world, name))
        return self.daemons[name]

    def check_one_line(self, name, why, consequence, since=0):
        """Of all that is said about the file."""
        daemon = self.daemons[name]
        daemon.line(rf"File:.*/{name}\.conf: ", since)
        said = [text for _, text in daemon.lines[since:] if f"File:{self.world.path}/{name}.conf" in text]
        self.assertEqual(len(said), 1, said)
        self.assertIn(f"{name}.conf: {why}; {consequence}", said[0])
        self.assertEqual(HOW_TO_MEAN_IT in said[0], why == "No such file or directory", said[0])

    def check_nothing_is_cut(self):
        time.sleep(SOAK + 0.3)
        self.assertEqual(self.held_now(), self.held)
        for daemon in self.daemons.values():
            self.assertEqual(daemon.count("Disconnect initiated"), 0)

    def test_at_a_reload(self):
        for fault, (spoil, why) in FAULTS.items():
            for name, daemon in self.daemons.items():
                with self.subTest(fault, daemon=name):
                    self.spoil(name, spoil)
                    mark = daemon.mark()
                    daemon.reload()
                    self.check_one_line(name, why, IN_FORCE, mark)
        self.check_nothing_is_cut()
        # The advice is true.
        stacd = self.daemons["stacd"]
        self.spoil("stacd", lambda path: path.write_text("# nothing\n"))
        stacd.reload()
        self.connects(stacd, "listed")

    def test_at_a_start_of_stafd(self):
        """What it knew goes on: the page is read again, and stacd's connections stay."""
        for fault, (spoil, why) in FAULTS.items():
            with self.subTest(fault):
                self.daemons["stafd"].stop()
                self.spoil("stafd", spoil)
                stafd = self.start("stafd")
                self.check_one_line("stafd", why, CUTS_LEAST)
                stafd.line("Received discovery log pages")
                self.assertEqual([row["traddr"] for row in stafd.ls()], [self.shelf.traddr])
        self.check_nothing_is_cut()

    def test_at_a_start_of_stacd(self):
        """Its connections ended with it, as it has no kernel here: what pages list is connected again, and nothing of
        what its file does not say is ended."""
        for fault, (spoil, why) in FAULTS.items():
            with self.subTest(fault):
                self.daemons["stacd"].stop()
                self.spoil("stacd", spoil)
                stacd = self.start("stacd")
                self.check_one_line("stacd", why, CUTS_LEAST)
                self.connects(stacd, "listed")
        self.held = self.held_now()
        self.check_nothing_is_cut()


if __name__ == "__main__":
    main()
