# SPDX-License-Identifier: Apache-2.0
"""DH-HMAC-CHAP of the kernel's host against the kernel's target, with keys from stacd.conf and sys.conf; and where keys
must never show."""
import glob

from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import


def new_key(hmac=0):
    """hmac 0: 32 bytes as they are; 1 to 3: transformed, 32, 48 and 64 bytes."""
    return nvme("gen-dhchap-key", f"--hmac={hmac}", "-n", HOST_NQN).stdout.strip()


class Authentication(Scenario):
    def setUp(self):
        super().setUp()
        self.key, self.controller_key = new_key(), new_key()
        # nvmet may end a connection before its refusal is sent: the kernel then waits for it, otherwise for 60 s.
        limit = pathlib.Path("/sys/module/nvme_core/parameters/admin_timeout")
        self.addCleanup(limit.write_text, limit.read_text(encoding="ascii"), encoding="ascii")
        limit.write_text("5", encoding="ascii")

    def secured(self, name="one", key=None, controller_key=None, **host):
        """A subsystem on port 1 that wants authentication."""
        path = self.target.host(HOST_NQN, key or self.key, controller_key)
        for attribute, value in host.items():
            pathlib.Path(path, attribute).write_text(value, encoding="ascii")
        if not os.path.isdir("/sys/kernel/config/nvmet/ports/1"):
            self.target.port(1)
        self.target.subsystem(nqn(name), 1, hosts=[HOST_NQN])

    def connect(self, line, sys_conf=None):
        """stacd with one controller, or the same with another line."""
        if sys_conf is not None:
            write_sys_conf(f"[Host]\n{sys_conf}\n")
        write_conf("stacd", stacd_conf(line))
        if systemctl("is-active", "stacd", check=False).returncode == 0:
            reload("stacd")
        else:
            start("stacd")

    def errors(self):
        return run("journalctl", "--no-pager", "-o", "cat", "-p", "err", f"--after-cursor={self._cursor}",
                   "--unit=stacd").stdout.splitlines()

    def refuses(self, line, sys_conf=None):
        """One error that speaks of authentication, and no connection."""
        before = len(self.errors())
        self.connect(line, sys_conf)
        self.eventually("an error", lambda: len(self.errors()) > before)
        error, = self.errors()[before:]
        print("      " + error, file=sys.stderr)
        self.assertRegex(error, "authentication|DH-HMAC-CHAP")
        self.assertNotRegex(error, "nothing listens")
        self.assertEqual(live_nqns(), [])

    def test_one_way(self):
        self.secured()
        self.connect(ioc("one", dhchap_secret=self.key))
        self.connects("one")
        self.assertIn("authenticated", "\n".join(self.kernel_messages()))

    def test_both_ways(self):
        self.secured(controller_key=self.controller_key)
        self.connect(ioc("one", dhchap_secret=self.key, dhchap_ctrl_secret=self.controller_key))
        self.connects("one")

    def test_a_controller_that_does_not_know_its_own_key_is_refused(self):
        self.secured(controller_key=self.controller_key)
        self.refuses(ioc("one", dhchap_secret=self.key, dhchap_ctrl_secret=new_key()))

    def test_wrong_key_then_the_right_one(self):
        self.secured()
        self.refuses(ioc("one", dhchap_secret=new_key()))
        self.connect(ioc("one", dhchap_secret=self.key))
        self.connects("one")

    def test_missing_key(self):
        self.secured()
        self.refuses(ioc("one"))

    def test_longer_keys_whose_text_ends_in_equals_signs(self):
        for hmac in (2, 3):
            with self.subTest(hmac=hmac):
                key = new_key(hmac)
                self.assertIn("=:", key)
                self.secured(f"hmac{hmac}", key)
                self.connect(ioc(f"hmac{hmac}", dhchap_secret=key))
                self.eventually("connected", lambda n=hmac: nqn(f"hmac{n}") in live_nqns())

    def test_hash_and_group_are_the_choice_of_the_controller(self):
        self.secured(dhchap_hash="hmac(sha512)", dhchap_dhgroup="ffdhe2048")
        self.connect(ioc("one", dhchap_secret=self.key))
        self.connects("one")

    def test_the_host_key_of_sys_conf(self):
        self.secured()
        self.connect(ioc("one"), f"key={self.key}")
        self.connects("one")

    def test_the_host_key_from_a_file(self):
        self.secured()
        file = pathlib.Path("/etc/nvme/hostkey")
        self.addCleanup(file.unlink)
        file.write_text(self.key + "\n", encoding="ascii")
        self.connect(ioc("one"))
        self.connects("one")

    def put_key(self, name, key):
        file = pathlib.Path("/etc/stas", name)
        self.addCleanup(file.unlink, missing_ok=True)
        file.write_text(key + "\n", encoding="ascii")
        file.chmod(0o600)
        return file

    def test_keys_of_the_controller_from_files(self):
        self.secured(controller_key=self.controller_key)
        host, controller = self.put_key("host.key", self.key), self.put_key("controller.key", self.controller_key)
        self.connect(ioc("one", dhchap_secret=f"file://{host}", dhchap_ctrl_secret=f"file://{controller}"))
        self.connects("one")
        host.unlink()
        reload("stacd")
        self.eventually("an error", self.errors)
        self.assertIn("No such file or directory", self.errors()[0])
        self.assertEqual(live_nqns(), [nqn("one")])

    def test_a_key_from_a_credential_of_the_unit(self):
        self.secured()
        file = self.put_key("array.key", self.key)
        drop_in = pathlib.Path("/run/systemd/system/stacd.service.d/credential.conf")
        drop_in.parent.mkdir(parents=True, exist_ok=True)
        self.addCleanup(systemctl, "daemon-reload")
        self.addCleanup(drop_in.unlink)
        drop_in.write_text(f"[Service]\nLoadCredential=array1:{file}\n", encoding="ascii")
        systemctl("daemon-reload")
        self.connect(ioc("one", dhchap_secret="credential:array1"))
        self.connects("one")

    def test_tls_without_what_it_takes_says_what_is_missing(self):
        self.target.port(1)
        self.target.subsystem(nqn("one"), 1)
        before = len(self.errors())
        self.connect(ioc("one", tls="true"))
        self.eventually("an error", lambda: len(self.errors()) > before)
        error, = self.errors()[before:]
        self.assertRegex(error, "no TLS key for this host NQN and subsystem|this kernel does not know the option tls")
        self.assertEqual(live_nqns(), [])
        self.connect(ioc("one", tls="false"))
        self.connects("one")

    def test_a_key_of_the_controller_wins_over_the_host_key(self):
        self.secured()
        self.connect(ioc("one", dhchap_secret=self.key), f"key={new_key()}")
        self.connects("one")

    def test_a_wrong_key_of_the_controller_wins_as_well(self):
        self.secured()
        self.refuses(ioc("one", dhchap_secret=new_key()), f"key={self.key}")

    def test_the_host_key_is_read_again_at_reload(self):
        """A connection that exists is left alone."""
        self.secured("one")
        self.connect(ioc("one"), f"key={self.key}")
        self.connects("one")
        first = io_controllers()[0].name
        write_sys_conf(f"[Host]\nkey={new_key()}\n")
        reload("stacd")
        self.secured("two")
        write_conf("stacd", stacd_conf(ioc("one"), ioc("two")))
        reload("stacd")
        self.eventually("an error", self.errors)
        self.assertEqual(live_nqns(), [nqn("one")])
        write_sys_conf(f"[Host]\nkey={self.key}\n")
        reload("stacd")
        self.connects("one", "two")
        self.assertEqual(io_controllers(subsysnqn=nqn("one"))[0].name, first)

    def test_entries_of_a_log_page_use_the_host_key(self):
        """The discovery controller is given it too, and does not ask."""
        self.secured()
        write_sys_conf(f"[Host]\nkey={self.key}\n")
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        self.connects("one")

    def test_keys_show_nowhere(self):
        """Right ones, wrong ones and malformed ones; a key in the kernel's sysfs is the kernel's affair."""
        wrong, malformed = new_key(), new_key().replace("DHHC-1:00:", "DHHC-7:zz:")
        host_key = new_key()
        self.secured(controller_key=self.controller_key)
        self.target.subsystem(nqn("two"), 1, hosts=[HOST_NQN])
        self.target.subsystem(nqn("three"), 1, hosts=[HOST_NQN])
        keys = {"dhchap_secret": self.key, "dhchap_ctrl_secret": self.controller_key}
        lines = [ioc("one", **keys), ioc("two", dhchap_secret=wrong), ioc("three", dhchap_secret=malformed),
                 ioc("four", **keys, kato=wrong)]
        write_sys_conf(f"[Host]\nkey={host_key}\n")
        write_conf("stacd", stacd_conf(*lines, exclude=[f"dhchap-secret={wrong}"], tron="true"))
        write_conf("stafd", stafd_conf(dc(**keys), tron="true"))
        start(*DAEMONS)
        self.connects("one")
        self.eventually("attempts", lambda: sum(int(row["connect attempts"]) > 0 for row in ctl("stacd", "ls", "-d")
                                                if row["connected"] != "True") == 3)
        shown = {}
        for daemon in DAEMONS:
            reload(daemon)
            name, path = {"stafd": ("staf", "staf"), "stacd": ("stac", "stac")}[daemon]
            for command in (["ls", "-d"], ["status"], ["--output=json", "status"], ["--output=table", "ls"]):
                shown[f"{daemon} {command}"] = run(TOOLS[daemon], *command).stdout
            shown[f"{daemon} properties"] = run("busctl", "call", f"org.nvmexpress.{name}", f"/org/nvmexpress/{path}",
                                                "org.freedesktop.DBus.Properties", "GetAll", "s",
                                                f"org.nvmexpress.{name}.debug").stdout
            for file in ("cmdline", "environ"):
                shown[f"{daemon} {file}"] = pathlib.Path(f"/proc/{pid(daemon)}/{file}").read_text(encoding="utf-8")
        stop(*DAEMONS)
        for file in glob.glob("/run/sta[fc]d/**", recursive=True) + glob.glob("/var/cache/sta[fc]d/**", recursive=True):
            if os.path.isfile(file):
                shown[file] = pathlib.Path(file).read_text(encoding="utf-8")
        self.assertIn("/run/stacd/last-known-config.json", shown)
        shown["journal"] = run("journalctl", "--no-pager", "-o", "export", f"--after-cursor={self._cursor}").stdout
        self.assertIn("example:three", shown["journal"])
        for key in (self.key, self.controller_key, wrong, malformed, host_key):
            secret = key.split(":")[2][4:30]
            self.assertEqual([where for where, text in shown.items() if secret in text], [])


if __name__ == "__main__":
    main()
