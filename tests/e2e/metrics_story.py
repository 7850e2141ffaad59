# SPDX-License-Identifier: Apache-2.0
"""metrics.prom: what is counted, that it is well-formed, and that one process writes it."""
import re
import shutil
import subprocess

from harness import Story, main, nqn, stacd_conf, stafd_conf

SAMPLE = re.compile(r'^([a-z_]+)(?:\{([a-z]+)="((?:[^"\\]|\\.)*)"\})? ([0-9.e+-]+)$')


class Metrics(Story):
    def read(self, daemon):
        """{(name, label value): number}; each sample belongs to the HELP and TYPE above it, once."""
        path = daemon.state_file.parent / "metrics.prom"
        if not path.exists():
            return {}
        values, family = {}, None
        for line in path.read_text().splitlines():
            if line.startswith("# HELP "):
                family = line.split()[2]
            elif line.startswith("# TYPE "):
                self.assertEqual(line.split()[2], family)
            else:
                name, _, label, number = SAMPLE.match(line).groups()
                self.assertTrue(name.startswith(family), line)
                self.assertNotIn((name, label), values)
                values[name, label] = float(number)
        return values

    def test_what_happened_and_what_is(self):
        target = self.world.target("one", "two")
        stafd = self.world.stafd(stafd_conf(target.controller()))
        stacd = self.world.stacd(stacd_conf(target.controller(nqn("absent"))))
        self.connects(stacd, "one", "two")
        one = nqn("one")
        self.eventually("stacd writes", lambda: self.read(stacd).get(("stacd_paths_live", one)) == 1)
        values = self.read(stacd)
        self.assertEqual([values[f"stacd_paths_{what}", one] for what in ("desired", "live", "held", "failing")],
                         [1, 1, 0, 0])
        self.assertEqual(values["stacd_paths_failing", nqn("absent")], 1)
        self.assertEqual(values["stacd_subsystems", None], 3)
        self.assertEqual(values["stacd_connects_total", None], 2)
        self.assertGreaterEqual(values["stacd_connect_failures_total", None], 1)
        self.eventually("stafd writes", lambda: self.read(stafd).get(("stafd_controllers_live", None)) == 1)
        self.assertGreaterEqual(self.read(stafd)["stafd_page_reads_total", None], 1)
        promtool = shutil.which("promtool")
        for daemon in (stafd, stacd):
            path = daemon.state_file.parent / "metrics.prom"
            self.assertEqual(path.stat().st_mode & 0o777, 0o644)
            if promtool:
                done = subprocess.run([promtool, "check", "metrics"], input=path.read_text(), capture_output=True,
                                      text=True, check=False)
                self.assertEqual((done.returncode, done.stdout + done.stderr), (0, ""))
            daemon.stop()
            self.assertFalse(path.exists(), "what it says is not true any more")
        if not promtool:
            self.skipTest("all but promtool passed: it is not on this machine (package prometheus)")


if __name__ == "__main__":
    main()
