# SPDX-License-Identifier: Apache-2.0
"""What systemd makes of our units: sandbox, order, watchdog, identity, modules, mounts."""
from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

UNITS = ("stafd.service", "stacd.service", "stas-config@hostnqn.service")
DENIED = r"(?i)permission denied|not permitted|read-only file system|EPERM|EACCES|EROFS|access denied"
CAP_SYS_ADMIN = 1 << 21
CAP_NET_RAW = 1 << 13
CAPABILITIES = CAP_SYS_ADMIN | CAP_NET_RAW


def show(unit, *properties):
    """The values of properties, as sets of words."""
    values = systemctl("show", "--all", *(f"-p{name}" for name in properties), unit).stdout
    return {line.partition("=")[0]: set(line.partition("=")[2].split()) for line in values.splitlines()}


def identity():
    return [pathlib.Path(f"/etc/nvme/{name}").read_text(encoding="ascii").strip() for name in ("hostnqn", "hostid")]


def resolved_by_hosts(text):
    pathlib.Path("/etc/hosts").write_text("127.0.0.1 localhost guest\n::1 localhost\n" + text, encoding="ascii")


class Units(Scenario):
    def drop_in(self, unit, text):
        directory = pathlib.Path(f"/run/systemd/system/{unit}.d")
        directory.mkdir(parents=True, exist_ok=True)
        (directory / "test.conf").write_text(text, encoding="ascii")
        systemctl("daemon-reload")
        self.addCleanup(systemctl, "daemon-reload")
        self.addCleanup(shutil.rmtree, directory, True)

    def test_units_load_without_complaint(self):
        said = run("systemd-analyze", "verify", "--man=no", "stas-config.target", *UNITS, check=False)
        self.assertNotRegex(said.stdout + said.stderr, "sta[fcs]")

    def test_exposure_is_at_most_2_5(self):
        for unit in UNITS:
            report = run("systemd-analyze", "security", "--no-pager", unit).stdout
            exposure = re.search(r"Overall exposure level for \S+: ([0-9.]+)", report)
            print(f"   {exposure[0]}", file=sys.stderr)
            self.assertLessEqual(float(exposure[1]), 2.5, report)

    def test_two_capabilities(self):
        start(*DAEMONS)
        for daemon in DAEMONS:
            status = pathlib.Path(f"/proc/{pid(daemon)}/status").read_text(encoding="ascii")
            for which in ("CapBnd", "CapPrm", "CapEff"):
                self.assertEqual(int(re.search(rf"^{which}:\s*(\w+)", status, re.M)[1], 16), CAPABILITIES, which)
            self.assertRegex(status, r"NoNewPrivs:\s*1")
            self.assertRegex(status, r"Seccomp:\s*2")

    def connect_to(self, *names):
        """What is announced is found over both wires, so there may be two connections to a subsystem."""
        wanted = {nqn(name) for name in names}
        self.eventually(f"connected to {names}", lambda: set(live_nqns()) == wanted)

    def test_nothing_is_denied_in_a_session(self):
        """Announced, resolved, bound to an interface, connected, traced, re-configured, removed, stopped: sandboxed."""
        self.target.port(1)
        self.target.port(2, traddr=TARGET_2)
        for name in ("one", "two"):
            self.target.subsystem(nqn(name), 1)
        self.target.subsystem(nqn("configured"), 2)
        resolved_by_hosts(f"{TARGET_2} array.example\n")
        self.addCleanup(resolved_by_hosts, "")
        self.addCleanup(systemctl, "stop", "avahi-daemon.socket", "avahi-daemon.service")
        systemctl("start", "avahi-daemon.service")
        for publish in (("-a", "-R", "dc.local", TARGET),
                        ("-s", "-H", "dc.local", "dc", "_nvme-disc._tcp", "8009", f"NQN={DISCOVERY_NQN}", "p=tcp")):
            process = Process("avahi-publish", ("avahi-publish", *publish))
            self._processes.append(process)
            process.line("Established")
        write_conf("stafd", stafd_conf(zeroconf="enabled"))
        configured = "transport=tcp;traddr=array.example;trsvcid=8009;host-iface=h1;nqn=" + nqn("configured")
        write_conf("stacd", stacd_conf(configured, udev_rule="disabled"))
        start(*DAEMONS)
        self.connect_to("one", "two", "configured")
        rules = pathlib.Path("/run/udev/rules.d/70-nvmf-autoconnect.rules")
        self.assertTrue(rules.exists())
        for daemon in DAEMONS:
            run(TOOLS[daemon], "tron")
            self.assertEqual(run(TOOLS[daemon], "status").returncode, 0)
        write_conf("stacd", stacd_conf(udev_rule="enabled"))
        reload("stacd")
        reload("stafd")
        self.assertFalse(rules.exists())
        self.connect_to("one", "two")
        self.target.deny_all(nqn("two"))
        self.connect_to("one")
        write_conf("stacd", stacd_conf(f"transport=tcp;traddr={TARGET_2};trsvcid=8009;nqn=" + nqn("configured")))
        reload("stacd")
        self.connect_to("one", "configured")
        for daemon in DAEMONS:
            self.assertTrue(pathlib.Path(f"/run/{daemon}/last-known-config.json").exists(), daemon)
        stop(*DAEMONS)
        self.assertFalse(rules.exists())
        for daemon in DAEMONS:
            self.assertTrue(self.journal(daemon).strip())
        self.assertNotRegex(self.journal(), DENIED)
        self.assertNotRegex("\n".join(self.kernel_messages()), "audit|seccomp")

    def test_nothing_is_writable_but_what_is_written(self):
        """What the sandbox amounts to, seen with the daemon's eyes."""
        start(*DAEMONS)
        for daemon in DAEMONS:
            mounts = pathlib.Path(f"/proc/{pid(daemon)}/mountinfo").read_text(encoding="ascii").splitlines()
            modes = {fields[4]: fields[5].split(",")[0] for fields in map(str.split, mounts)}
            self.assertEqual((modes["/"], modes["/sys/devices/virtual"], modes[f"/run/{daemon}"]), ("ro", "rw", "rw"))
            tried = ("/", "/boot", "/etc", "/home", "/run", "/run/lock", "/run/systemd", "/tmp", "/usr", "/var",
                     "/sys/bus/pci", "/sys/class", "/sys/devices/system", "/sys/fs", "/sys/fs/cgroup", "/sys/kernel", "/sys/kernel/mm",
                     "/sys/module/nvme_core/parameters/admin_timeout")
            found = run("nsenter", "-m", "-t", pid(daemon), "sh", "-c",
                        'for path; do test ! -e "$path" || test ! -w "$path" || echo "$path"; done', "sh", *tried)
            self.assertEqual(found.stdout.split(), [], f"{daemon} could write there")

    def test_order(self):
        for daemon in DAEMONS:
            was = show(daemon, "Before", "After", "Wants")
            self.assertIn("remote-fs-pre.target", was["Before"])
            self.assertIn("remote-fs-pre.target", was["Wants"])
            self.assertLessEqual({"network.target", "stas-config.target", "modprobe@nvme_tcp.service"}, was["After"])
            self.assertNotIn("network-online.target", was["After"])
            # Mount units come after remote-fs-pre.target: anything under /var may be such a one.
            self.assertEqual([unit for unit in was["After"] if unit.endswith(".mount") and unit != "-.mount"], [])
        self.assertIn("stafd.service", show("stacd", "After")["After"])

    def test_order_after_network_online(self):
        """The drop-in that stafd.service(8) and stacd.service(8) tell about."""
        for daemon in DAEMONS:
            self.drop_in(f"{daemon}.service", "[Unit]\nWants=network-online.target\nAfter=network-online.target\n")
            self.assertIn("network-online.target", show(daemon, "After")["After"])
        said = run("systemd-analyze", "verify", "--man=no", *UNITS, check=False)
        self.assertNotRegex(said.stdout + said.stderr, "sta[fcs]|cycle")

    def test_netdev_mount_waits_for_its_controller(self):
        image, where = "/run/fs.img", pathlib.Path("/mnt/data")
        run("truncate", "-s", "32M", image)
        run("mkfs.ext4", "-q", "-b", "4096", "-L", "storage", image)
        self.addCleanup(os.unlink, image)
        self.port_with("early")
        self.target.subsystem(nqn("fs"), device=image)
        fstab = pathlib.Path("/etc/fstab")
        before = fstab.read_text(encoding="ascii")
        where.mkdir(exist_ok=True)
        fstab.write_text(before + f"LABEL=storage {where} ext4 _netdev,noauto 0 0\n", encoding="ascii")
        self.addCleanup(systemctl, "daemon-reload")
        self.addCleanup(fstab.write_text, before, encoding="ascii")
        systemctl("daemon-reload")
        self.addCleanup(run, "umount", where, check=False)
        write_conf("stafd", stafd_conf(dc()))
        systemctl("start", "--no-block", "mnt-data.mount", *DAEMONS)
        self.connects("early")
        self.assertIn("dev-disk-by\\x2dlabel-storage.device", systemctl("list-jobs", "--full").stdout)
        self.assertFalse(where.is_mount())
        self.target.link(1, nqn("fs"))
        self.eventually("the mount", where.is_mount)
        self.connects("early", "fs")
        events = Uevents()
        (where / "file").write_text("written", encoding="ascii")
        run("sync", "-f", where)
        stop(*DAEMONS)
        (where / "file").write_text("written while stopped", encoding="ascii")
        run("umount", where)
        self.assertEqual(events.came_and_went(), [])
        events.close()

    def test_missing_identity_is_made(self):
        """No /etc/nvme at all: afterwards there is one, and the daemons used it."""
        kept = pathlib.Path("/etc/nvme-kept")
        os.rename("/etc/nvme", kept)

        def restore():
            shutil.rmtree("/etc/nvme", ignore_errors=True)
            os.rename(kept, "/etc/nvme")
            write_sys_conf()
        self.addCleanup(restore)
        self.port_with("one")
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        made = identity()
        self.assertRegex(made[0], r"^nqn\.2014-08\.org\.nvmexpress:uuid:[0-9a-f-]{36}$")
        self.assertRegex(made[1], r"^[0-9a-f-]{36}$")
        self.connects("one")
        self.assertEqual([(c.hostnqn, c.hostid) for c in controllers()], [tuple(made)] * 2)
        restart("stas-config.target")
        self.assertEqual(identity(), made, "an identity that is there is never touched")

    def test_a_daemon_that_hangs_is_started_again(self):
        self.port_with("one")
        write_conf("stafd", stafd_conf(dc()))
        for daemon in DAEMONS:
            self.drop_in(f"{daemon}.service", "[Service]\nWatchdogSec=4\nRestartSec=100ms\n")
        start(*DAEMONS)
        self.connects("one")
        events = Uevents()
        for daemon in DAEMONS:
            hung = pid(daemon)
            os.kill(hung, 19)  # SIGSTOP
            self.eventually(f"another {daemon}", lambda was=hung, name=daemon: pid(name) not in (0, was))
            self.eventually(f"{daemon} is ready",
                            lambda name=daemon: systemctl("is-active", name, check=False).returncode == 0)
            self.assertEqual(systemctl("show", "-P", "NRestarts", daemon).stdout.strip(), "1")
            self.assertTrue(ctl(daemon, "ls"))
        self.assertEqual(events.came_and_went(), [])
        events.close()

    def test_a_daemon_that_lives_is_left_alone(self):
        """The watchdog is fed also when nothing at all happens."""
        for daemon in DAEMONS:
            self.drop_in(f"{daemon}.service", "[Service]\nWatchdogSec=3\n")
        start(*DAEMONS)
        first = [pid(daemon) for daemon in DAEMONS]
        self.never(8, "a restart", lambda: [pid(daemon) for daemon in DAEMONS] != first)

    def test_a_crash_leaves_no_core(self):
        """Keys would be in it. The one place where the daemon may write is where it would be."""
        pattern = pathlib.Path("/proc/sys/kernel/core_pattern")
        self.addCleanup(pattern.write_text, pattern.read_text(encoding="ascii"), encoding="ascii")
        pattern.write_text("/run/%e/core", encoding="ascii")
        for limit, leaves in (("LimitCORE=infinity\n", True), ("", False)):  # the first shows that this looks in the right place
            self.drop_in("stacd.service", f"[Service]\nRestartSec=100ms\n{limit}")
            restart("stacd")
            crashed = pid("stacd")
            os.kill(crashed, 6)  # SIGABRT
            self.eventually("another stacd", lambda was=crashed: pid("stacd") not in (0, was))
            self.eventually("it is ready", lambda: systemctl("is-active", "stacd", check=False).returncode == 0)
            core = pathlib.Path("/run/stacd/core")
            self.assertEqual(core.exists(), leaves)
            core.unlink(missing_ok=True)

    def test_a_mistake_that_wants_an_editor_is_no_loop(self):
        """A host NQN that is none, and a wrong command line: systemd gives up at once, and starts it when that is mended."""
        again = "[Service]\nRestartSec=100ms\n"  # both have the same lines about restarts
        self.drop_in("stafd.service", again)
        write_sys_conf("[Host]\nnqn=none\n")
        self.gives_up("stafd", "78")
        write_sys_conf()
        self.drop_in("stacd.service", again + "ExecStart=\nExecStart=/usr/sbin/stacd --no-such\n")
        self.gives_up("stacd", "2")
        self.drop_in("stacd.service", again)
        systemctl("reset-failed", *DAEMONS)
        start(*DAEMONS)
        self.assertTrue(all(pid(daemon) for daemon in DAEMONS))

    def gives_up(self, daemon, status):
        systemctl("start", daemon, check=False)
        self.never(2, f"{daemon} is started again",
                   lambda: systemctl("show", "-P", "NRestarts", daemon).stdout.strip() != "0")
        self.assertEqual((systemctl("is-failed", daemon, check=False).stdout.strip(),
                          systemctl("show", "-P", "ExecMainStatus", daemon).stdout.strip()), ("failed", status))

    def test_connections_stay_at_stop(self):
        self.port_with("one", "two")
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        self.connects("one", "two")
        events = Uevents()
        stop(*DAEMONS)
        self.connects("one", "two")
        self.assertEqual(len(discovery_controllers(state="live")), 1)
        start(*DAEMONS)
        self.eventually("known again", lambda: len(ctl("stacd", "ls")) == 2 and len(ctl("stafd", "ls")) == 1)
        self.assertEqual(events.came_and_went(), [])
        events.close()

    def unload(self):
        run("modprobe", "-r", "nvme-loop", "nvme-tcp", "nvme-fabrics")
        self.assertFalse(os.path.exists("/sys/devices/virtual/nvme-fabrics"))

    def test_modules_are_loaded_at_start(self):
        self.unload()
        self.port_with("one")
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        self.connects("one")
        self.target.deny_all(nqn("one"))
        self.connects()

    def test_modules_loaded_again_under_the_daemons(self):
        """The sandbox does not depend on directories of sysfs that come and go."""
        write_conf("stafd", stafd_conf())
        start(*DAEMONS)
        self.unload()
        run("modprobe", "nvme-tcp")
        self.port_with("one", "two")
        write_conf("stafd", stafd_conf(dc()))
        reload("stafd")
        self.connects("one", "two")
        write_conf("stacd", stacd_conf(exclude=["nqn=" + nqn("two")]))
        reload("stacd")
        self.connects("one")


if __name__ == "__main__":
    main()
