# SPDX-License-Identifier: Apache-2.0
"""stacctl and stafctl explain: why a controller is connected, or is not."""
import json
import os
import unittest

from harness import SYSTEM_BUS_CONFIG, Story, main, not_running, nqn, program, stacd_conf, stafd_conf

KNOWN, UNKNOWN = 0, 1
KEY = "DHHC-1:00:ia6zGodOr4SEG0Zzaw398rpY0wqipUWj4jWjUh4HWUz6aQ2n:"


class Explain(Story):
    def explain(self, question):
        """Exit status, the answer, what was complained about."""
        done = self.world.run(program("stacctl"), "--output=json", "explain", question)
        return done.returncode, json.loads(done.stdout) if done.stdout else {}, done.stderr

    def one(self, question):
        status, answer, complaints = self.explain(question)
        self.assertEqual((status, complaints, len(answer["controllers"])), (KNOWN, "", 1), answer)
        return answer["controllers"][0]

    def start(self):
        """stacd connected to `line` by its file, to `page` by a page that also lists `other`, which is excluded."""
        self.target = self.world.target("line")
        self.pages = self.world.target("page", "other", name="pages", traddr="127.0.0.2")
        self.world.stafd(stafd_conf(self.pages.controller()))
        self.conf = self.world.path / "stacd.conf"
        self.gone = f"transport=tcp;traddr=127.0.0.3;trsvcid=1;nqn={nqn('gone')};dhchap-secret={KEY}"
        self.stacd = self.world.stacd(stacd_conf(self.target.controller(nqn("line"), kato=9), self.gone, kato=7,
                                                 exclude=[f"nqn={nqn('other')}", f"traddr=127.0.0.2;nqn={nqn('o*')}"]))
        self.connects(self.stacd, "line", "page")

    def test_whoever_asks_is_told_everything(self):
        self.start()
        device = {c["subsysnqn"]: c["device"] for c in self.stacd.ls()}
        line = self.one(nqn("line"))
        self.assertEqual((line["verdict"], line["reason"], line["sources"], line["device"], line["state"]),
                         ("wanted", "configured", [f"{self.conf}:5"], device[nqn("line")], "live"))
        options = {o["option"]: (o["value"], o["source"]) for o in line["options"]}
        self.assertEqual(options["kato"], ("9", f"{self.conf}:5"))
        self.assertEqual(options["ctrl-loss-tmo"], ("600", "default"))
        self.assertEqual(options["host-id"][1], f"{self.world.path}/sys.conf [Host]")
        for question in (device[nqn("page")], "/dev/" + device[nqn("page")], self.one(nqn("page"))["name"]):
            page = self.one(question)
            self.assertEqual(page["subsysnqn"], nqn("page"))
            self.assertRegex(page["sources"][0], r"^entry \d of the page of \(tcp, 127\.0\.0\.2, .* \(configured\)$")
        options = {o["option"]: (o["value"], o["source"]) for o in page["options"]}
        self.assertEqual(options["kato"], ("7", f"{self.conf}:2"))
        other = self.one(nqn("other"))
        self.assertEqual((other["verdict"], other["state"]), ("refused", "missing"))
        self.assertEqual([rule["source"] for rule in other["rules"]], [f"{self.conf}:7", f"{self.conf}:8"])
        _, answer, _ = self.explain("127.0.0.2")
        self.assertEqual({c["subsysnqn"] for c in answer["controllers"]}, {nqn("page"), nqn("other")})

    def test_what_does_not_answer_says_why_and_when_it_is_tried_again(self):
        self.start()
        gone = self.eventually("it was tried", lambda: (c := self.one(nqn("gone")))["last error"] and c)
        self.assertEqual((gone["verdict"], gone["device"], gone["state"]), ("wanted", "", "missing"))
        self.assertIn("127.0.0.3", gone["last error"])
        self.assertGreaterEqual(gone["attempts"], 1)
        self.assertTrue(gone["operation"] or gone["next attempt"] is not None, gone)

    def test_a_key_is_in_no_answer(self):
        self.start()
        gone = self.one(nqn("gone"))
        options = {o["option"]: (o["value"], o["source"]) for o in gone["options"]}
        self.assertEqual(options["dhchap-secret"], ("set", f"{self.conf}:6"))
        for args in (("--output=json",), ("--output=pprint",), ()):
            self.assertNotIn(KEY, self.world.run(program("stacctl"), *args, "explain", nqn("gone")).stdout)

    def test_a_path_that_died_is_not_live(self):
        self.start()
        self.target.stop()
        self.eventually("its state shows it", lambda: self.one(nqn("line"))["state"] != "live")

    def test_people_read_a_paragraph(self):
        self.start()
        done = self.world.run(program("stacctl"), "explain", nqn("line"))
        self.assertEqual(done.returncode, KNOWN)
        lines = done.stdout.splitlines()
        self.assertRegex(lines[0], r"^\(tcp, 127\.0\.0\.1, \d+, nqn\.2024-01\.org\.example:line\)$")
        self.assertRegex(lines[1], r"^  verdict        wanted: configured, for ")
        self.assertEqual(lines[2], f"  named by       {self.conf}:5")
        self.assertRegex(lines[3], r"^  device         \w+\d+, live, ours for ")
        self.assertRegex(lines[4], rf"^  options        kato=9 \({self.conf}:5\)$")

    def test_what_nobody_knows_gets_the_nearest_names(self):
        self.start()
        status, answer, complaints = self.explain(nqn("lime"))
        self.assertEqual((status, answer["controllers"]), (UNKNOWN, []))
        self.assertIn(f"stacd knows nothing of {nqn('lime')}\nDid you mean:\n  {nqn('line')}\n", complaints)
        done = self.world.run(program("stacctl"), "explain", "page")
        self.assertEqual((done.returncode, done.stdout), (UNKNOWN, ""))
        self.assertIn(f"\n  {nqn('page')}\n", done.stderr)
        self.stacd.stop()
        done = self.world.run(program("stacctl"), "explain", nqn("line"))
        self.assertEqual((done.returncode, done.stderr),
                         (UNKNOWN, not_running("stacd")))


class ExplainDiscovery(Story):
    def explain(self, question):
        done = self.world.run(program("stafctl"), "--output=json", "explain", question)
        return done.returncode, json.loads(done.stdout)

    def one(self, question):
        status, answer = self.explain(question)
        self.assertEqual((status, len(answer["controllers"])), (KNOWN, 1), answer)
        return answer["controllers"][0]

    def test_a_discovery_controller_says_who_named_it_and_how_old_its_page_is(self):
        second = self.world.target("deep", name="second", traddr="127.0.0.2")
        first = self.world.target("one", referrals=[{"traddr": second.traddr, "trsvcid": second.port}])
        conf = self.world.path / "stafd.conf"
        stafd = self.world.stafd(stafd_conf(first.controller(kato=7), "transport=tcp;traddr=127.0.0.3;trsvcid=1",
                                            exclude=["traddr=127.0.0.4"]))
        self.eventually("both are read", lambda: all(
            self.explain(t.traddr)[1]["controllers"] and "generation" in self.one(t.traddr)["details"]["log page"]
            for t in (first, second)))
        one = self.one(f"127.0.0.1:{first.port}")
        self.assertEqual((one["verdict"], one["state"], one["sources"]), ("wanted", "live", [f"{conf}:6"]))
        self.assertIn(("kato", "7", f"{conf}:6"), [(o["option"], o["value"], o["source"]) for o in one["options"]])
        self.assertRegex(one["details"]["log page"], r"^\d entries, generation \d+, read or checked \d+ s ago$")
        two = self.one(second.traddr)
        self.assertRegex(two["sources"][0], r"^entry \d of the page of \(tcp, 127\.0\.0\.1, ")
        self.assertEqual(two["details"]["referral chain"], f"{one['name']} (configured)")
        self.assertEqual(self.one(two["device"])["name"], two["name"])
        gone = self.eventually("it was tried", lambda: (c := self.one("127.0.0.3"))["last error"] and c)
        self.assertIn("127.0.0.3", gone["last error"])
        status, answer = self.explain("127.0.0.4")
        self.assertEqual((status, answer["hints"]), (KNOWN, [f"{conf}:8: exclude=traddr=127.0.0.4"]))
        status, answer = self.explain(nqn("deep"))
        self.assertRegex(answer["hints"][0], r"^entry \d of the page of \(tcp, 127\.0\.0\.2, .* lists it; ask stacctl")
        done = self.world.run(program("stafctl"), "explain", nqn("deap"))
        self.assertEqual((done.returncode, done.stdout), (UNKNOWN, ""))
        self.assertIn(f"\n  {nqn('deep')}\n", done.stderr)
        people = self.world.run(program("stafctl"), "explain", second.traddr).stdout
        self.assertRegex(people, r"(?m)^  referral chain \(tcp, 127\.0\.0\.1, ")
        stafd.stop()


class Policy(Story):
    bus = False

    @unittest.skipIf(os.geteuid() != 0, "needs root to own the name and to become somebody else")
    def test_everybody_may_ask(self):
        self.world.start_bus(SYSTEM_BUS_CONFIG)
        self.world.path.chmod(0o755)
        (self.world.path / "bus").chmod(0o777)
        target = self.world.target("one")
        stacd = self.world.stacd(stacd_conf(target.controller(nqn("one"))))
        self.connects(stacd, "one")
        nobody = ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"]
        if self.world.run(*nobody, program("stacctl"), "--version").returncode != 0:
            self.skipTest("others cannot reach the build directory")
        done = self.world.run(*nobody, program("stacctl"), "explain", nqn("one"))
        self.assertEqual((done.returncode, done.stderr), (KNOWN, ""))


if __name__ == "__main__":
    main()
