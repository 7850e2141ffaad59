# SPDX-License-Identifier: Apache-2.0
"""A runtime directory without room, and one that is read-only: the daemons start, work and end, say so in one line, and
write their state again as soon as they can. Whoever reads the state file, at any time, finds a whole one. In namespaces
of its own, because of the mounts. Skipped (77) where the machine forbids them."""
import json
import os
import subprocess
import sys
import threading

import namespaces
from harness import Story, main, nqn, stacd_conf, stafd_conf

PAGES = 8  # of memory for a directory: several times what is saved here, and nothing beside what a machine has
PAGE = os.sysconf("SC_PAGE_SIZE")
UNWRITTEN = "Unable to write metrics"
UNSAVED = "Unable to save last known config"
NO_ROOM = f"{UNSAVED}.*No space left on device"
READ_ONLY = f"{UNSAVED}.*Read-only file system"
SAVED = "The last known config is saved again"
NAMES = ("stafd", "stacd")


class Watch:
    """Reads a state file all the time; what it ever held that was no whole document is in `broken`."""

    def __init__(self, path):
        self.path, self.broken, self.read = path, [], 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        while not self._end.is_set():
            try:
                json.loads(self.path.read_text())
                self.read += 1
            except FileNotFoundError:
                pass
            except ValueError as problem:
                self.broken.append(str(problem))

    def stop(self):
        self._end.set()
        self._thread.join()


class RuntimeDirectory(Story):
    def setUp(self):
        super().setUp()
        self.target = self.world.target("one")
        for name in NAMES:
            self.mount("-t", "tmpfs", "-o", f"size={PAGES * PAGE}", "tmpfs", self.directory(name))
            self.addCleanup(subprocess.run, ["umount", "-l", self.directory(name)], check=True)

    def directory(self, name):
        path = self.world.path / f"run-{name}"
        path.mkdir(exist_ok=True)
        return path

    def mount(self, *args):
        subprocess.run(["mount", *map(str, args)], check=True)

    def read_only(self, yes):
        for name in NAMES:
            self.mount("-o", f"remount,bind,{'ro' if yes else 'rw'}", self.directory(name))

    def fill(self, leave=0):
        """Leaves so many free pages."""
        for name in NAMES:
            with open(self.directory(name) / "ballast", "wb", buffering=0) as ballast:
                free = os.statvfs(self.directory(name)).f_bavail - leave
                self.assertEqual(ballast.write(b"x" * (free * PAGE)), free * PAGE)

    def make_room(self):
        for name in NAMES:
            (self.directory(name) / "ballast").unlink(missing_ok=True)

    def start(self):
        self.stafd = self.world.stafd(stafd_conf(self.target.controller()))
        self.stacd = self.world.stacd(stacd_conf())
        self.daemons = (self.stafd, self.stacd)

    def marks(self):
        return [daemon.mark() for daemon in self.daemons]

    def says(self, what, marks=(0, 0)):
        for daemon, mark in zip(self.daemons, marks):
            daemon.line(what, mark)

    def said_once(self):
        for daemon in self.daemons:
            self.assertEqual(daemon.count(UNSAVED), 1, daemon.text())

    def is_saved(self, *names):
        """Both files of each are there, and the state names these subsystems and no other."""
        def saved(daemon):
            if not daemon.state_file.exists() or not daemon.state_file.with_name("history.json").exists():
                return False
            text = daemon.state_file.read_text()
            json.loads(text)
            return all((nqn(name) in text) == (name in names) for name in ("one", "two", "three"))
        for daemon in self.daemons:
            self.eventually(f"{daemon.name} has saved {names}", lambda of=daemon: saved(of))

    def end(self):
        for daemon in reversed(self.daemons):
            self.assertEqual(daemon.stop(), 0)

    def left(self):
        return [sorted(os.listdir(self.directory(name))) for name in NAMES]

    def changes(self, *names):
        """A subsystem comes, so that there is something to save."""
        self.target.rpc("subsystem.add", nqn=nqn(names[-1]))
        self.connects(self.stacd, *names)

    def test_full_from_the_start(self):
        self.fill()
        self.start()
        self.connects(self.stacd, "one")
        self.says(NO_ROOM)
        self.changes("one", "two")
        for daemon in self.daemons:
            self.assertFalse(daemon.state_file.exists())
        self.make_room()
        self.is_saved("one", "two")
        self.says(SAVED)
        self.said_once()
        self.end()
        self.assertEqual(self.left(), [["history.json", "last-known-config.json"]] * 2)

    def test_a_file_is_whole_whatever_room_there_is(self):
        """There is room for the beginning of it."""
        self.start()
        self.connects(self.stacd, "one")
        self.is_saved("one")
        watches = [Watch(daemon.state_file) for daemon in self.daemons]
        marks = self.marks()
        self.fill(leave=1)
        # Longer than a page, for both daemons.
        names = [f"{'x' * 150}-{number}" for number in range(2 * PAGE // 150)]
        for name in names:
            self.target.rpc("subsystem.add", nqn=nqn(name))
        self.connects(self.stacd, "one", *names)
        self.says(NO_ROOM, marks)
        for daemon in self.daemons:
            self.assertNotIn(names[-1], daemon.state_file.read_text())
        for name in names:
            self.target.rpc("subsystem.remove", nqn=nqn(name))
        self.connects(self.stacd, "one")
        self.make_room()
        self.says(SAVED, marks)
        self.is_saved("one")
        for watch in watches:
            watch.stop()
            self.assertEqual(watch.broken, [])
            self.assertGreater(watch.read, 0)
        self.end()
        self.assertEqual(self.left(), [["history.json", "last-known-config.json"]] * 2)

    def test_full_at_the_end(self):
        self.start()
        self.connects(self.stacd, "one")
        self.is_saved("one")
        self.fill()
        self.changes("one", "two")
        self.says(NO_ROOM)
        self.end()
        self.said_once()
        self.assertEqual(self.left(), [["ballast", "history.json", "last-known-config.json"]] * 2)
        self.make_room()
        # The state of before: what came since is found again, and nothing is cut.
        self.start()
        self.connects(self.stacd, "one", "two")
        self.is_saved("one", "two")
        self.end()

    def test_read_only(self):
        self.start()
        self.connects(self.stacd, "one")
        self.is_saved("one")
        self.read_only(True)
        self.changes("one", "two")
        self.says(READ_ONLY)
        self.end()
        self.said_once()
        self.start()  # with the state of before
        self.connects(self.stacd, "one", "two")
        self.says(READ_ONLY)
        self.says(UNWRITTEN)
        for what in (UNSAVED, UNWRITTEN):
            self.assertEqual([daemon.count(what + ".*[Rr]ead-only") for daemon in self.daemons], [1, 1], "one line each")
        self.read_only(False)
        self.is_saved("one", "two")
        self.says(SAVED)
        self.end()
        self.assertEqual(self.left(), [["history.json", "last-known-config.json"]] * 2)


if __name__ == "__main__":
    WHY_NOT = namespaces.enter()
    if WHY_NOT is not None:
        print(f"SKIP: no namespaces here: {WHY_NOT}")
        sys.exit(77)
    main()
