# SPDX-License-Identifier: Apache-2.0
"""stacctl health, the state of each path in ls, stacctl topology: what works, and which way leads where."""
import json
import os
import pty
import signal
import subprocess

from harness import DEFAULT_LIMIT, HOST_NQN, Story, main, not_running, nqn, program, stacd_conf, stafd_conf

OK, DEGRADED, DOWN, UNKNOWN = 0, 1, 2, 3


class Paths(Story):
    def start(self):
        """stacd connected to both paths of `two` by its file, and to `page` by a page."""
        self.first = self.world.target("two", name="first")
        self.second = self.world.target("two", name="second", traddr="127.0.0.2")
        self.pages = self.world.target("page", name="pages", traddr="127.0.0.3")
        self.world.stafd(stafd_conf(self.pages.controller()))
        self.stacd = self.world.stacd(
            stacd_conf(self.first.controller(nqn("two")), self.second.controller(nqn("two")), kato=1))
        self.eventually("three paths", lambda: len(self.live()) == 3)

    def live(self):
        return [c["device"] for c in self.stacd.ls() if c["state"] == "live"]

    def health(self):
        """Exit status, status of all, {subsystem: its line}."""
        done = self.world.run(program("stacctl"), "--output=json", "health")
        answer = json.loads(done.stdout)
        return done.returncode, answer["status"], {s["subsysnqn"]: s for s in answer["subsystems"]}

    def becomes(self, status):
        self.eventually(f"the exit status is {status}", lambda: self.health()[0] == status)
        return self.health()[2]


class Health(Paths):
    def test_the_exit_status_follows_the_paths(self):
        self.start()
        status, word, subsystems = self.health()
        self.assertEqual((status, word), (OK, "ok"))
        self.assertEqual({name: (s["live"], s["desired"]) for name, s in subsystems.items()},
                         {nqn("two"): (2, 2), nqn("page"): (1, 1)})
        self.second.stop(signal.SIGKILL)
        subsystems = self.becomes(DEGRADED)
        self.assertEqual((subsystems[nqn("two")]["status"], subsystems[nqn("two")]["live"]), ("degraded", 1))
        self.assertIn("127.0.0.2", subsystems[nqn("two")]["reason"])
        self.assertEqual(subsystems[nqn("page")]["status"], "ok")
        self.first.stop(signal.SIGKILL)
        subsystems = self.becomes(DOWN)
        self.assertEqual((subsystems[nqn("two")]["status"], subsystems[nqn("two")]["live"]), ("down", 0))
        self.stacd.stop()
        done = self.world.run(program("stacctl"), "health")
        self.assertEqual((done.returncode, done.stdout, done.stderr),
                         (UNKNOWN, "", not_running("stacd")))

    def test_people_see_a_line_for_each_subsystem(self):
        self.start()
        done = self.world.run(program("stacctl"), "health")
        lines = done.stdout.splitlines()
        self.assertRegex(lines[0], r"^status +subsysnqn +desired +live$")
        self.assertRegex(lines[1], rf"^ok +{nqn('page')} +1 +1$")
        self.assertRegex(lines[2], rf"^ok +{nqn('two')} +2 +2$")
        self.assertEqual((done.returncode, len(lines), done.stderr), (OK, 3, ""))

    def test_the_state_of_a_path_is_in_the_formats_that_are_new(self):
        self.start()
        for args in (("--output=json", "ls"), ("--output=json", "ls", "-d")):
            self.assertEqual({c["state"] for c in self.world.ctl("stacctl", *args[1:])}, {"live"})
        table = self.world.run(program("stacctl"), "--output=table", "ls").stdout.splitlines()
        self.assertRegex(table[0], " state  verdict$")
        for args in ((), ("-d",)):
            self.assertNotIn("'state'", self.world.run(program("stacctl"), "ls", *args).stdout)
        self.second.stop(signal.SIGKILL)
        self.eventually("one is not live", lambda: len(self.live()) == 2)

    def test_without_stafd_that_is_said(self):
        target = self.world.target("one")
        stacd = self.world.stacd(stacd_conf(target.controller(nqn("one"))))
        self.connects(stacd, "one")
        done = self.world.run(program("stacctl"), "health")
        self.assertEqual(done.returncode, OK)
        self.assertIn("stafd has not answered stacd", done.stderr)


class Topology(Paths):
    def test_tree_graph_and_document_show_every_path(self):
        self.start()
        answer = self.world.ctl("stacctl", "topology")
        self.assertEqual(answer["host"]["nqn"], HOST_NQN)
        self.assertIn("lo", [i["name"] for i in answer["interfaces"]])
        paths = {s["subsysnqn"]: s["paths"] for s in answer["subsystems"]}
        self.assertEqual({name: {p["state"] for p in of} for name, of in paths.items()},
                         {nqn("two"): {"live"}, nqn("page"): {"live"}})
        self.assertEqual({p["interface"] for of in paths.values() for p in of}, {"lo"})
        self.assertEqual([dc["name"] for dc in answer["discovery controllers"]],
                         paths[nqn("page")][0]["discovery controllers"])
        done = self.world.run(program("stacctl"), "topology")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        lines = done.stdout.splitlines()
        self.assertEqual(lines[0], f"host {HOST_NQN}")
        self.assertEqual(sum(line.endswith("  live") for line in lines), 3)
        self.assertNotIn("\033", done.stdout)  # no terminal
        for args in (("--output=dot", "topology"), ("topology", "--output", "dot")):
            graph = self.world.run(program("stacctl"), *args).stdout
            self.assertTrue(graph.startswith("digraph topology {\n") and graph.endswith("}\n"), graph)
            self.assertIn(f'-> "subsystem {nqn("page")}"', graph)
        refused = self.world.run(program("stacctl"), "--output=dot", "ls")
        self.assertEqual((refused.returncode, refused.stdout), (2, ""))
        self.assertIn("argument --output: dot is for topology", refused.stderr)

    def test_stafd_shows_its_connections_and_what_they_list(self):
        self.start()
        answer = self.world.ctl("stafctl", "topology")
        self.assertEqual([(dc["state"], dc["origin"], dc["interface"]) for dc in answer["discovery controllers"]],
                         [("live", "configured", "lo")])
        self.assertEqual({s["subsysnqn"]: len(s["paths"]) for s in answer["subsystems"]}, {nqn("page"): 1})
        tree = self.world.run(program("stafctl"), "topology").stdout
        self.assertRegex(tree, r"(?m)^│? +[├└]─ \(tcp, 127\.0\.0\.3, \d+, .*\)  live, configured$")
        self.assertRegex(tree, r"(?m)^│? .*- tcp 127\.0\.0\.3 \d+  listed$")
        graph = self.world.run(program("stafctl"), "--output=dot", "topology").stdout
        self.assertIn(f'-> "subsystem {nqn("page")}" [style=dashed];', graph)

    def test_a_terminal_gets_colours_unless_nobody_wants_them(self):
        self.start()
        self.assertIn("\033[32mlive\033[0m", self.on_a_terminal("topology"))
        plain = self.on_a_terminal("topology", NO_COLOR="1")
        self.assertIn("  live", plain)
        self.assertNotIn("\033", plain)

    def on_a_terminal(self, *args, **env):
        """What a terminal shows; less than it takes without being read."""
        master, slave = pty.openpty()
        try:
            subprocess.run([program("stacctl"), *args], env=dict(self.world.env, **env), stdin=subprocess.DEVNULL,
                           stdout=slave, timeout=DEFAULT_LIMIT, check=True)
            return os.read(master, 65536).decode()
        finally:
            os.close(master)
            os.close(slave)


if __name__ == "__main__":
    main()
