# SPDX-License-Identifier: Apache-2.0
"""A secret of its own in every place where one can be put, rightly or by mistake, and a look at everything that anybody gets
to see: what the tools, --check and the doctor print, the log at its most talkative, each message on the bus, what the
service manager is told, and every file that is left. keys_story and bus_story have what is done with a key; here only
counts that it does not show. That a crash leaves no core dump is the units' business (units_test.sh, and units.py of
the vm suite)."""
import base64
import os
import signal
import zlib

from harness import NAMES, PROGRAMS, Story, main, nqn, program, stacd_conf, stafd_conf
from processes import Process

PROGRAMS.setdefault("stasadm", "libstas/tools/stasadm/stasadm")
PIECE = slice(14, 38)  # of a secret's text: long enough to be no accident
TOOL_COMMANDS = (["ls"], ["ls", "-d"], ["status"], ["plan"], ["health"], ["history"], ["topology"], ["metrics"], ["explain"],
                 ["explain", nqn("one")])


class Secrets(Story):
    maxDiff = None

    def setUp(self):
        super().setUp()
        self.places = {}

    def secret(self, place, kind="DHHC-1:00:"):
        """A well-formed one; DHHC-1 is of DH-HMAC-CHAP, NVMeTLSkey-1 of TLS."""
        key = os.urandom(32)
        text = f"{kind}{base64.b64encode(key + zlib.crc32(key).to_bytes(4, 'little')).decode()}:"
        self.places[text[PIECE]] = place
        return text

    def psk(self, place):
        return self.secret(place, "NVMeTLSkey-1:01:")

    def file(self, name, text):
        path = self.world.path / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    def lines(self, daemon):
        """What an administrator may have in a file: right ones, and each mistake that puts a secret somewhere else."""
        tell = lambda what: f"{daemon}.conf, {what}"  # noqa: E731
        right = {"dhchap_secret": self.secret(tell("dhchap-secret=")),
                 "dhchap_ctrl_secret": self.secret(tell("dhchap-ctrl-secret="))}
        named = self.file(f"{daemon}.key", self.secret(tell("file://")))
        torn = self.file(f"{daemon}.torn", self.secret(tell("file:// of what is no key"))[:-9] + "\nmore\n")
        subsystem = {"subsystem": nqn("one")} if daemon == "stacd" else {}
        controllers = [self.target.controller(**subsystem, **right)]
        controllers += [f"transport=tcp;traddr=127.0.0.3;trsvcid=1;nqn={nqn('two')};dhchap-secret={value}"
                        for value in (f"file://{named}", f"file://{torn}")]
        controllers += [f"transport=tcp;traddr=127.0.0.{4 + number};trsvcid=1;nqn={nqn('three')};{field}"
                        for number, field in enumerate((
                            f"dhchap_secret={self.secret(tell('a misspelt field'))}",
                            f"dhchap-secert={self.secret(tell('a mistyped field'))}",
                            f"psk={self.psk(tell('a field that there is not'))}",
                            f"tls-key={self.psk(tell('tls-key=, which is a number'))}",
                            f"keyring={self.psk(tell('keyring=, which is a number'))}",
                            f"kato={self.secret(tell('the value of another field'))}",
                            f"dhchap-secret={self.secret(tell('a key and more'))}more",
                            f"dhchap-secret {self.secret(tell('a field without ='))}",
                            self.secret(tell("a field's place"))))]
        controllers += [f"transport=tcp;traddr={self.secret(tell('traddr='))}",
                        f"transport=tcp;traddr=127.0.0.3;nqn={self.secret(tell('nqn='))}", self.secret(tell("controller="))]
        write = stafd_conf if daemon == "stafd" else stacd_conf
        text = write(*controllers, exclude=[f"dhchap-secret={self.secret(tell('exclude='))}"], tron="true",
                     dhchap_secret=self.secret(tell("an option of [Global]")), psk=self.psk(tell("psk= of [Global]")),
                     kato=self.secret(tell("kato= of [Global]")))
        text += f"[Match]\nnqn=*\ndhchap-secret={self.secret(tell('[Match]'))}\n"
        text += f"[{self.secret(tell('the name of a section'))}]\nx=1\n"
        text += f"{self.secret(tell('a line of its own'))}\n# {self.secret(tell('a comment'))}\n"
        self.file(f"{daemon}.conf", text)

    def plant(self):
        self.target = self.world.target("one")
        sys_conf = self.world.path / "sys.conf"
        sys_conf.write_text(sys_conf.read_text().replace("key=", f"key={self.secret('sys.conf, key=')}") +
                            f"psk={self.psk('sys.conf, psk=')}\n")
        for daemon in ("stafd", "stacd"):
            self.lines(daemon)
            # What a daemon of another version, or somebody, may have left.
            runtime = self.world.path / f"run-{daemon}"
            runtime.mkdir()
            self.file(f"run-{daemon}/last-known-config.json",
                      f'{{"dhchap-secret": "{self.secret("the state file")}", "x": ["{self.psk("the state file")}"]}}')

    def ask(self, *argv):
        done = self.world.run(*argv)
        return f"{argv[0].name} {' '.join(map(str, argv[1:]))}", (done.stdout + done.stderr).encode()

    def call_on_the_bus(self, daemon):
        """A caller sees what it has sent; nobody else does."""
        name = NAMES[daemon.name]
        for argument in (self.secret("an argument on the bus"), self.psk("an argument on the bus")):
            self.world.busctl("call", name, "/" + name.replace(".", "/"), f"{name}.debug", "controller_info", "sssssss",
                              "tcp", argument, "8009", argument, "", "", "")
            self.world.run(program(daemon.tool), "explain", argument)

    def look(self, capture):
        shown = []
        for daemon in (self.stafd, self.stacd):
            for command in TOOL_COMMANDS + ((["adlp", "-d"],) if daemon is self.stafd else ()):
                for output in ([], ["--output=json"]):
                    shown.append(self.ask(program(daemon.tool), *output, *command))
            shown.append(self.ask(program(daemon.name), "--check", self.world.path / f"{daemon.name}.conf"))
            for file in ("cmdline", "environ"):
                with open(f"/proc/{daemon.pid}/{file}", "rb") as proc:
                    shown.append((f"{daemon.name}: {file}", proc.read()))
        shown.append(self.ask(program("stasadm"), "doctor"))
        shown.append(self.ask(program("stasadm"), "doctor", "--output=json"))
        capture.stop(signal.SIGINT)
        shown.append(("the bus", self.captured.read_bytes()))
        for daemon in (self.stafd, self.stacd):
            self.call_on_the_bus(daemon)
            daemon.reload()
            self.assertEqual(daemon.stop(), 0)
            shown.append((f"{daemon.name}: log", daemon.text().encode()))
            shown.append((f"{daemon.name}: to the service manager", "\n".join(daemon.notify.states()).encode()))
            shown += [(f"{daemon.name}: {path.name}", path.read_bytes()) for path in daemon.runtime.rglob("*")
                      if path.is_file()]
        return shown

    def test_what_is_planted_shows_nowhere(self):
        self.plant()
        self.captured = self.world.path / "bus.pcap"
        self.captured.touch()
        capture = self.world.add(Process("busctl", ["sh", "-c", f"exec busctl --system capture >{self.captured}"],
                                         self.world.env))
        self.eventually("the bus is watched", lambda: self.captured.stat().st_size)
        self.stafd = self.world.stafd()
        self.stacd = self.world.stacd()
        self.eventually("attempts", lambda: self.stafd.connected() and self.stacd.connected())
        shown = self.look(capture)
        self.assertGreater(len(dict(shown)["the bus"]), 10000)
        self.assertGreater(len(self.places), 40)
        found = sorted({f"{place} in: {where}" for where, text in shown for piece, place in self.places.items()
                        if piece.encode() in text})
        self.assertEqual(found, [])


if __name__ == "__main__":
    main()
