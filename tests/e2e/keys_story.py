# SPDX-License-Identifier: Apache-2.0
"""Keys in files of their own and in credentials: where they are read, what happens without them, where they never show.
The bundled target asks for none; what matters here is whether a connection is made at all."""
import json
import os
import re
import socket

from harness import Story, main, nqn, program, stacd_conf, stafd_conf

KEY = "DHHC-1:00:AQgPFh0kKzI5QEdOVVxjanF4f4aNlJuiqbC3vsXM09pl1OOC:"
MISTYPED = KEY.replace("AQgP", "AQgQ")
NO_KEY = r"nothing is connected without that key, and nothing is cut - put it there, and reload"


class Keys(Story):
    def setUp(self):
        super().setUp()
        self.target = self.world.target("one", "two")
        self.key = self.put("array.key", KEY)
        self.conf = self.world.path / "stacd.conf"

    def put(self, name, text, mode=0o600):
        path = self.world.path / name
        path.write_text(text + "\n")
        path.chmod(mode)
        return path

    def line(self, name, key, **options):
        return self.target.controller(nqn(name), dhchap_secret=key, **options)

    def everything_shown(self, stacd):
        """Whatever anybody can see of a daemon that knows the key."""
        shown = [stacd.text()]
        for args in (["ls", "-d"], ["status"], ["explain", nqn("one")], ["explain", nqn("two")], ["plan"], ["health"],
                     ["history"], ["topology"]):
            for output in ([], ["--output=json"]):
                done = self.world.run(program("stacctl"), *output, *args)
                shown.append(done.stdout + done.stderr)
        done = self.world.run(program("stacd"), "--check", self.conf)
        shown.append(done.stdout + done.stderr)
        self.assertEqual(stacd.stop(), 0)
        shown.append(stacd.text())
        shown += [path.read_text() for path in stacd.runtime.rglob("*") if path.is_file()]
        return shown

    def test_a_key_is_taken_from_its_file_and_shows_nowhere(self):
        mistyped = self.put("mistyped.key", MISTYPED)
        stacd = self.world.stacd(stacd_conf(self.line("one", f"file://{self.key}"),
                                            self.line("two", f"file://{mistyped}"), tron="true"))
        self.connects(stacd, "one", "two")
        stacd.line(rf"stacd\.conf:6: \[Controllers\]: controller - field `dhchap-secret` in {mistyped} has a wrong "
                   r"check sum, so it was mistyped - `nvme gen-dhchap-key` makes one")
        done = self.world.run(program("stacctl"), "--output=json", "explain", nqn("one"))
        options = {o["option"]: (o["value"], o["source"]) for o in json.loads(done.stdout)["controllers"][0]["options"]}
        self.assertEqual(options["dhchap-secret"], ("set", f"{self.conf}:5"))
        for text in self.everything_shown(stacd):
            for key in (KEY, MISTYPED):
                self.assertNotIn(key[10:40], text)

    def test_a_key_that_cannot_be_had_cuts_nothing_and_connects_nothing(self):
        stacd = self.world.stacd(stacd_conf(self.line("one", f"file://{self.key}")))
        self.connects(stacd, "one")
        before = self.target.held("one")
        self.key.unlink()
        self.world.write_conf("stacd", stacd_conf(self.line("one", f"file://{self.key}"),
                                                  self.line("two", f"file://{self.key}")))
        since = stacd.mark()
        stacd.reload()
        for line in (4, 5):
            stacd.line(rf"stacd\.conf:{line}: \[Controllers\]: controller - field `dhchap-secret`: {self.key}: No such "
                       rf"file or directory: {NO_KEY}", since)
        stacd.line(r"two\).* cannot connect: dhchap-secret= cannot be honoured: .*array\.key: No such file", since)
        self.assertEqual(self.target.held("one"), before)
        self.assertEqual(self.target.held("two"), [])
        self.put("array.key", KEY)
        stacd.reload()
        self.connects(stacd, "one", "two")
        self.assertEqual(self.target.held("one"), before)

    def test_a_controller_of_a_page_is_not_connected_without_the_key_of_its_section(self):
        self.world.stafd(stafd_conf(self.target.controller()))
        other = self.world.path / "other.key"
        stacd = self.world.stacd(stacd_conf() + f"[Match two]\nnqn={nqn('two')}\ndhchap-ctrl-secret=file://{other}\n"
                                                f"[Match]\nnqn=*\ndhchap-secret=file://{self.key}\n")
        stacd.line(rf"stacd\.conf:6: \[Match two\]: dhchap-ctrl-secret - {other}: No such file or directory: {NO_KEY}")
        stacd.line(r"two\).* cannot connect: dhchap-ctrl-secret= cannot be honoured")
        self.connects(stacd, "one")
        self.put("other.key", KEY)
        stacd.reload()
        self.connects(stacd, "one", "two")

    def test_a_credential_is_one_of_the_service(self):
        credentials = self.world.path / "credentials"
        credentials.mkdir()
        (credentials / "array1").write_text(KEY)
        stacd = self.world.stacd(stacd_conf(self.line("one", "credential:array1"),
                                            self.line("two", "credential:array2")),
                                 env={"CREDENTIALS_DIRECTORY": str(credentials)})
        stacd.line(r"stacd\.conf:5: .*`dhchap-secret`: credential array2: the service manager gave no such credential to "
                   r"this process \(LoadCredential=array2:PATH in the unit, then a restart\)")
        self.connects(stacd, "one")

    def test_files_with_keys_that_others_may_read_are_told(self):
        self.key.chmod(0o644)
        stacd = self.world.stacd(stacd_conf(self.line("one", f"file://{self.key}")))
        text = r"others than its owner may read or change the file \(mode 0644\) - `chmod 600 "
        stacd.line(rf"field `dhchap-secret` is in {self.key}: {text}{self.key}`")
        self.connects(stacd, "one")
        self.world.write_conf("stacd", stacd_conf(self.line("one", KEY)))
        self.conf.chmod(0o644)
        stacd.reload()
        stacd.line(rf"stacd\.conf: there are keys in it, and {text}{self.conf}`, or keep them in files of their own")
        self.assertEqual(stacd.count("others than its owner"), 2)

    def test_a_key_that_is_not_wanted_any_more_is_gone_from_memory(self):
        """Of a controller that refuses: a connection keeps the key that it was made with."""
        closed = socket.socket()
        self.addCleanup(closed.close)
        closed.bind(("127.0.0.1", 0))
        line = f"transport=tcp;traddr=127.0.0.1;trsvcid={closed.getsockname()[1]};nqn={nqn('one')}"
        stacd = self.world.stacd(stacd_conf(f"{line};dhchap-secret=file://{self.key}"))
        stacd.line("refused")
        try:
            self.assertGreater(stacd.copies_in_memory(KEY), 0, "else this looks in the wrong place")
        except PermissionError as why:
            self.skipTest(f"this machine does not let us look: {why}")
        for _ in range(3):
            stacd.reload()
        self.world.write_conf("stacd", stacd_conf(line))
        stacd.reload()
        self.eventually("it is overwritten", lambda: stacd.copies_in_memory(KEY) == 0)

    def test_a_host_key_whose_file_is_gone_stays(self):
        file = self.world.path / "sys.conf"
        file.write_text(file.read_text().replace("key=", f"key=file://{self.key}"))
        stacd = self.world.stacd(stacd_conf(self.target.controller(nqn("one"))))
        self.connects(stacd, "one")
        self.assertEqual(self.world.ctl("stacctl", "status")["hostkey"], "***")
        os.unlink(self.key)
        stacd.reload()
        stacd.line(rf"sys\.conf:4: \[Host\]: key - Host DHCHAP secret key undefined: {self.key}: No such file or "
                   r"directory; one that was read before stays in force")
        self.assertEqual(self.world.ctl("stacctl", "status")["hostkey"], "***")


class Tls(Story):
    def test_an_entry_that_demands_tls_is_told_as_that(self):
        entry = {"trtype": 3, "adrfam": 1, "subtype": 2, "treq": 1, "traddr": "127.0.0.3", "trsvcid": "1",
                 "subnqn": nqn("safe")}
        target = self.world.target("one", raw_entries=[entry])
        self.world.stafd(stafd_conf(target.controller()))
        stacd = self.world.stacd(stacd_conf())
        advice = f"its log page entry demands TLS (treq=required), which is not asked for - write `tls=true` in a [Match] " \
                 f"section with `nqn={nqn('safe')}`"
        stacd.line(r"safe\) Failed to connect to controller\. .*refused.*; " + re.escape(advice))
        self.connects(stacd, "one")

        def safe():
            done = self.world.run(program("stacctl"), "--output=json", "explain", nqn("safe"))
            return json.loads(done.stdout)["controllers"][0]
        self.assertEqual(safe()["rules"], [{"rule": "treq=required", "source": "log page entry", "effect": advice}])
        self.world.write_conf("stacd", stacd_conf() + f"[Match]\nnqn={nqn('safe')}\ntls=true\n")
        stacd.reload()
        self.eventually("it is not tried in the clear", lambda: "the user fabric has no TLS" in safe()["last error"])
        self.assertEqual((safe()["rules"], stacd.count("demands TLS")), ([], 1))


if __name__ == "__main__":
    main()
