# SPDX-License-Identifier: Apache-2.0
"""stacctl watch, stafctl watch: what changes is shown, until somebody ends it."""
import json
import os
import pty
import signal
import time

from harness import Process, Story, main, nqn, program, stacd_conf, stafd_conf


class Watch(Story):
    def watch(self, tool, *args):
        return self.world.add(Process(tool, [program(tool), *args, "watch"], self.world.env))

    @staticmethod
    def shown(watch):
        return [json.loads(text) for _, text in watch.lines]

    def test_programs_get_a_line_for_each_change(self):
        target = self.world.target("one")
        pages = self.world.target("page", name="pages", traddr="127.0.0.2")
        dcs = self.watch("stafctl", "--output=json")
        self.eventually("nobody runs", lambda: self.shown(dcs))
        self.assertEqual((self.shown(dcs)[0]["running"], self.shown(dcs)[0]["controllers"]), (False, []))
        self.world.stafd(stafd_conf(pages.controller()))

        def latest(watch):
            return self.shown(watch)[-1]["controllers"]
        self.eventually("the page is read", lambda: [(c["state"], c["entries"]) for c in latest(dcs)] == [("live", "2")])
        stacd = self.world.stacd(stacd_conf(target.controller(nqn("one"))))
        iocs = self.watch("stacctl", "--output=json")

        def states():
            return {c["subsysnqn"].split(":")[-1]: c["state"] for c in latest(iocs)} if iocs.lines else {}
        self.eventually("both are live", lambda: states() == {"one": "live", "page": "live"})
        pages.rpc("subsystem.remove", nqn=nqn("page"))
        self.eventually("one is", lambda: states() == {"one": "live"})
        self.assertIn({"one": "live", "page": "live"},
                      [{c["subsysnqn"].split(":")[-1]: c["state"] for c in line["controllers"]}
                       for line in self.shown(iocs)])
        told = self.shown(iocs)
        for before, after in zip(told, told[1:]):
            self.assertNotEqual((before["running"], before["controllers"]), (after["running"], after["controllers"]))
        stacd.stop()
        self.eventually("it is gone", lambda: not self.shown(iocs)[-1]["running"])
        self.world.stacd()
        self.eventually("it is back", lambda: states() == {"one": "live"})
        for watch in (dcs, iocs):
            self.assertEqual(watch.stop(signal.SIGINT), 0)

    def test_a_storm_is_a_few_lists(self):
        """The daemon answers a watcher no more often than four times a second, whatever happens."""
        target = self.world.target("one")
        self.world.stafd(stafd_conf(target.controller()))
        stacd = self.world.stacd(stacd_conf())
        self.connects(stacd, "one")
        watch = self.watch("stacctl", "--output=json")
        self.eventually("it is shown", lambda: watch.lines)
        begun = time.monotonic()
        names = [f"{number}" for number in range(40)]
        for name in names:
            target.rpc("subsystem.add", nqn=nqn(name))
        self.connects(stacd, "one", *names)
        self.eventually("all are shown", lambda: len(self.shown(watch)[-1]["controllers"]) == 41)
        # Once at the beginning, and once at the end.
        self.assertLessEqual(len(watch.lines), 4 * (time.monotonic() - begun) + 2)

    def test_a_reader_that_goes_ends_it(self):
        target = self.world.target("one", "two", "three")
        stacd = self.world.stacd(stacd_conf(target.controller(nqn("one"))))
        self.connects(stacd, "one")
        watch = self.watch("stacctl")
        self.eventually("it is shown", lambda: nqn("one") in watch.text())
        mark = watch.mark()
        watch.stop_reading()  # after one more line
        for names in (("one", "two"), ("one", "two", "three")):
            self.world.write_conf("stacd", stacd_conf(*(target.controller(nqn(name)) for name in names)))
            stacd.reload()
            self.eventually("there is a line, or nobody to write one", lambda: watch.mark() > mark)
        self.assertEqual(watch.wait(), 0)

    def test_people_see_a_screen(self):
        target = self.world.target("one")
        stacd = self.world.stacd(stacd_conf(target.controller(nqn("one"))))
        self.connects(stacd, "one")
        child, terminal = pty.fork()
        if child == 0:
            os.execve(program("stacctl"), ["stacctl", "watch"], dict(self.world.env, TERM="xterm"))
        try:
            seen = b""
            while nqn("one").encode()[:20] not in seen:
                seen += os.read(terminal, 4096)
            self.assertIn(b"\x1b[H", seen)
            self.assertIn(b"stacd: 1 controllers, 1 live", seen)
            os.write(terminal, b"\x03")  # Ctrl-C
            _, status = os.waitpid(child, 0)
            self.assertEqual(os.waitstatus_to_exitcode(status), 0)
        finally:
            os.close(terminal)


if __name__ == "__main__":
    main()
