# SPDX-License-Identifier: Apache-2.0
"""stacctl plan, stafctl plan: what a reload would do, asked beforehand; then the reload does it. --plan: a start."""
import json
import os
import unittest

from harness import HOST_NQN, SYSTEM_BUS_CONFIG, Story, main, not_running, nqn, program, stacd_conf, stafd_conf

NOTHING, NO_PLAN, CHANGES, DISCONNECTS = 0, 1, 2, 3


class Plan(Story):
    def plan(self, *args):
        """Exit status, {subsystem: step}, what was complained about."""
        done = self.world.run(program("stacctl"), "--output=json", "plan", *args)
        if not done.stdout:
            return done.returncode, {}, done.stderr
        answer = json.loads(done.stdout)
        return done.returncode, {s["subsysnqn"].split(":")[-1]: s for s in answer.get("steps", [])}, done.stderr

    def start(self):
        """stacd connected to `line` by its file, to `page` by a page."""
        self.target = self.world.target("line", "page", "new")
        pages = self.world.target("page", "other", name="pages", traddr="127.0.0.2")
        self.pages = pages
        self.world.stafd(stafd_conf(pages.controller()))
        self.stacd = self.world.stacd(stacd_conf(self.target.controller(nqn("line"))))
        self.connects(self.stacd, "line", "page", "other")
        self.other = self.world.path / "other.conf"

    def test_what_was_planned_is_what_the_reload_does(self):
        self.start()
        state = self.stacd.state_file
        self.eventually("the state is saved", lambda: state.exists() and nqn("other") in state.read_text())
        before, lines, kept = state.read_text(), len(self.stacd.lines), self.target.held("line")
        self.assertEqual(self.plan()[0], NOTHING)
        text = stacd_conf(self.target.controller(nqn("new")), exclude=[f"nqn={nqn('other')}"])
        self.other.write_text(text)
        status, steps, complaints = self.plan("--config", self.other)
        self.assertEqual((status, complaints), (DISCONNECTS, ""))
        self.assertEqual({name: step["action"] for name, step in steps.items()},
                         {"line": "disconnect", "other": "disconnect", "new": "connect", "page": "keep"})
        self.assertEqual(steps["line"]["after"], 1.5)
        self.assertEqual(steps["line"]["reason"], "no longer configured")
        self.assertEqual(steps["line"]["source"], f"was {self.world.path}/stacd.conf:4")
        self.assertEqual(steps["other"]["source"], f"{self.other}:5")
        self.assertEqual(steps["new"]["source"], f"{self.other}:4")
        self.assertRegex(steps["page"]["source"], r"^entry \d of the page of \(tcp, 127\.0\.0\.2, ")
        self.assertEqual(steps["page"]["device"], {c["subsysnqn"]: c["device"] for c in self.stacd.ls()}[nqn("page")])
        # Nothing has changed, in no file and no connection.
        self.assertEqual((state.read_text(), len(self.stacd.lines), self.target.held("line")), (before, lines, kept))
        self.connects(self.stacd, "line", "page", "other")
        self.world.write_conf("stacd", text)
        self.stacd.reload()
        self.connects(self.stacd, "new", "page")
        self.assertEqual(self.plan()[0], NOTHING)

    def test_the_exit_status_tells_changes_from_disconnects(self):
        self.start()
        line = self.target.controller(nqn("line"))
        for text, expected in ((stacd_conf(line), NOTHING),
                               (stacd_conf(line, kato=7), NOTHING),
                               (stacd_conf(line, self.target.controller(nqn("new"))), CHANGES),
                               (stacd_conf(iocs={"disconnect-scope": "no-disconnect"}), CHANGES),
                               (stacd_conf(), DISCONNECTS)):
            self.other.write_text(text)
            self.assertEqual(self.plan("--config", self.other)[0], expected, text)

    def test_without_a_plan_the_reason_is_told(self):
        self.start()
        self.other.write_text("[Global]\n[Controllers\ncontroller=\n")
        status, steps, complaints = self.plan("--config", self.other)
        self.assertEqual((status, steps), (NO_PLAN, {}))
        self.assertIn(f"File:{self.other}:2: ", complaints)
        self.other.write_text("[Host]\nnqm=nqn.2014-08.org.example:x\n")
        status, _, complaints = self.plan("--sys-conf", self.other)
        self.assertEqual(status, NO_PLAN)
        self.assertIn("there is no option nqm", complaints)
        self.other.write_text("")
        status, _, complaints = self.plan("--config", self.other)
        self.assertEqual(status, NO_PLAN)
        self.assertIn("the file is empty", complaints)
        status, _, complaints = self.plan("--config", self.world.path / "absent")
        self.assertEqual((status, "No such file" in complaints), (NO_PLAN, True), complaints)
        self.stacd.stop()
        status, _, complaints = self.plan()
        self.assertEqual((status, complaints),
                         (NO_PLAN, not_running("stacd")))

    def test_a_key_in_the_file_is_in_no_answer(self):
        self.start()
        key = "DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:"
        self.other.write_text(stacd_conf(self.target.controller(nqn("line"), dhchap_secret=key)))
        done = self.world.run(program("stacctl"), "--output=json", "plan", "--config", self.other)
        self.assertEqual(done.returncode, NOTHING)
        self.assertNotIn(key, done.stdout + done.stderr + self.stacd.text())

    def test_another_host_nqn_cuts_nothing(self):
        self.start()
        other = self.world.path / "other-sys.conf"
        other.write_text((self.world.path / "sys.conf").read_text().replace(HOST_NQN, nqn("renamed")))
        status, steps, _ = self.plan("--sys-conf", other)
        self.assertNotIn("disconnect", {step["action"] for step in steps.values()})
        self.assertEqual(status, NOTHING)

    def test_people_see_a_table(self):
        self.start()
        self.other.write_text(stacd_conf())
        done = self.world.run(program("stacctl"), "plan", "--config", self.other)
        lines = done.stdout.splitlines()
        self.assertRegex(lines[0], r"^action +after +device +transport +traddr +trsvcid +subsysnqn +reason +source$")
        self.assertRegex(lines[1], r"^disconnect  1\.5 s +\w+\d .* no longer configured +was .*/stacd\.conf:4$")
        self.assertEqual(lines[-1], "1 disconnect, 2 keep")


class Finder(Story):
    """The same of discovery controllers."""

    def plan(self, *args):
        """Exit status, {address: step}, what was complained about."""
        done = self.world.run(program("stafctl"), "--output=json", "plan", *args)
        answer = json.loads(done.stdout) if done.stdout else {}
        return done.returncode, {s["traddr"]: s for s in answer.get("steps", [])}, done.stderr

    def start(self):
        """stafd connected to `first` by its file and to `second` by a referral."""
        self.second = self.world.target("two", name="second", traddr="127.0.0.2")
        self.first = self.world.target("one", name="first", referrals=[
            {"traddr": self.second.traddr, "trsvcid": self.second.port}])
        self.third = self.world.target("three", name="third", traddr="127.0.0.3")
        self.stafd = self.world.stafd(stafd_conf(self.first.controller()))
        self.reaches(self.first, self.second)
        self.other = self.world.path / "other.conf"

    def reaches(self, *targets):
        wanted = {f"{target.traddr}:{target.port}" for target in targets}
        self.eventually(f"connected to {wanted}", lambda: self.stafd.connected() == wanted)

    def test_what_was_planned_is_what_the_reload_does(self):
        self.start()
        self.assertEqual(self.plan()[0], NOTHING)
        text = stafd_conf(self.first.controller(), self.third.controller(), exclude=["traddr=127.0.0.2"])
        self.other.write_text(text)
        before = self.stafd.mark()
        status, steps, complaints = self.plan("--config", self.other)
        self.assertEqual((status, complaints), (DISCONNECTS, ""))
        self.assertEqual({traddr: step["action"] for traddr, step in steps.items()},
                         {"127.0.0.1": "keep", "127.0.0.2": "disconnect", "127.0.0.3": "connect"})
        self.assertEqual(steps["127.0.0.2"]["after"], 1.5)
        self.assertEqual(steps["127.0.0.2"]["source"], f"{self.other}:8")
        self.assertEqual(steps["127.0.0.3"]["source"], f"{self.other}:7")
        self.assertEqual(self.stafd.mark(), before)
        self.world.write_conf("stafd", text)
        self.stafd.reload()
        self.reaches(self.first, self.third)
        self.assertEqual(self.plan()[0], NOTHING)

    def test_who_referred_to_it_goes(self):
        self.start()
        self.other.write_text(stafd_conf(self.third.controller()))
        status, steps, _ = self.plan("--config", self.other)
        self.assertEqual(status, DISCONNECTS)
        self.assertEqual({traddr: step["action"] for traddr, step in steps.items()},
                         {"127.0.0.1": "disconnect", "127.0.0.2": "disconnect", "127.0.0.3": "connect"})
        self.assertRegex(steps["127.0.0.2"]["source"], r"^was entry \d of the page of \(tcp, 127\.0\.0\.1, ")

    def test_without_a_plan_the_reason_is_told(self):
        self.start()
        self.other.write_text("[Controllers\n")
        status, steps, complaints = self.plan("--config", self.other)
        self.assertEqual((status, steps), (NO_PLAN, {}))
        self.assertIn(f"File:{self.other}:1: ", complaints)


class Offline(Story):
    """Of a start, without a daemon. Connections of the user fabric end with it, so that there are none."""

    def plan(self, daemon, text, bus=True):
        other = self.world.path / "other.conf"
        other.write_text(text)
        env = dict(self.world.env, RUNTIME_DIRECTORY=str(daemon.runtime))
        if not bus:
            env["DBUS_SYSTEM_BUS_ADDRESS"] = "unix:path=/nonexistent"
        done = self.world.run(program(daemon.name), "--fabric=user", "--sys-conf", self.world.path / "sys.conf",
                              "--plan", other, env=env)
        return done.returncode, done.stdout.splitlines(), done.stderr

    def test_a_start_is_told_from_what_was_saved(self):
        target = self.world.target("line", "page")
        pages = self.world.target("page", name="pages", traddr="127.0.0.2")
        stafd = self.world.stafd(stafd_conf(pages.controller()))
        stacd = self.world.stacd(stacd_conf(target.controller(nqn("line"))))
        self.connects(stacd, "line", "page")
        for daemon in (stacd, stafd):
            daemon.stop()
        before = {path: path.read_bytes() for path in (stafd.state_file, stacd.state_file)}
        same = stacd_conf(target.controller(nqn("line")))
        status, lines, complaints = self.plan(stacd, same, bus=False)
        self.assertEqual((status, complaints, lines[-1]), (CHANGES, "", "2 connect"))
        page = [line for line in lines if nqn("page") in line]
        self.assertRegex(page[0], r"^connect +0 s .* entry \d of the page of \(tcp, 127\.0\.0\.2, ")
        status, lines, _ = self.plan(stacd, stacd_conf(exclude=[f"nqn={nqn('page')}"]))
        self.assertEqual((status, lines[-1]), (NOTHING, "1 refuse"))
        status, lines, _ = self.plan(stafd, stafd_conf(target.controller(), pages.controller()))
        self.assertEqual((status, lines[-1]), (CHANGES, "2 connect"))
        self.assertEqual({path: path.read_bytes() for path in before}, before)

    def test_without_a_plan_the_reason_is_told(self):
        stacd = self.world.stacd(stacd_conf())
        stacd.stop()
        status, lines, complaints = self.plan(stacd, "[Controllers\n")
        self.assertEqual((status, lines), (NO_PLAN, []))
        self.assertIn("other.conf:1: ", complaints)
        stacd.state_file.unlink(missing_ok=True)
        stacd.state_file.mkdir()
        status, lines, complaints = self.plan(stacd, stacd_conf())
        self.assertEqual((status, lines), (NO_PLAN, []))
        self.assertIn(str(stacd.state_file), complaints)


class Policy(Story):
    bus = False

    @unittest.skipIf(os.geteuid() != 0, "needs root to own the name and to become somebody else")
    def test_a_plan_is_for_root(self):
        self.world.start_bus(SYSTEM_BUS_CONFIG)
        self.world.path.chmod(0o755)
        (self.world.path / "bus").chmod(0o777)
        target = self.world.target("one")
        stacd = self.world.stacd(stacd_conf(target.controller(nqn("one"))))
        self.connects(stacd, "one")
        self.assertEqual(self.world.run(program("stacctl"), "plan").returncode, NOTHING)
        nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        if self.world.run(*nobody, program("stacctl"), "--version").returncode != 0:
            self.skipTest("others cannot reach the build directory")
        done = self.world.run(*nobody, program("stacctl"), "plan")
        self.assertEqual((done.returncode, done.stdout), (NO_PLAN, ""))
        self.assertIn("(a plan is for root to ask for)", done.stderr)
        self.assertEqual(self.world.run(*nobody, program("stacctl"), "ls").returncode, 0)
        self.world.stafd(stafd_conf())
        self.assertEqual(self.world.run(program("stafctl"), "plan").returncode, NOTHING)
        done = self.world.run(*nobody, program("stafctl"), "plan")
        self.assertEqual((done.returncode, done.stdout), (NO_PLAN, ""))
        self.assertIn("(a plan is for root to ask for)", done.stderr)


if __name__ == "__main__":
    main()
