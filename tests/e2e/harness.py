# SPDX-License-Identifier: Apache-2.0
"""A small world for end-to-end stories: a private bus, stafd, stacd, their tools, and targets on loopback.

Each world lives in a directory of its own and uses ports that the kernel chose, so that stories run in parallel and as
any user. STAS_BUILD names the build directory. Standard library only.
"""
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

import buses
from processes import DEFAULT_LIMIT, NotifySocket, Process, Unexpected, wait_for

BUILD = pathlib.Path(os.environ.get("STAS_BUILD", "build")).resolve()
SOURCE = pathlib.Path(__file__).resolve().parents[2]
DISCOVERY_NQN = "nqn.2014-08.org.nvmexpress.discovery"
HOST_NQN = "nqn.2014-08.org.nvmexpress:uuid:5f0e0c9a-6d3b-4a55-9c0e-2f4f7f3b1a01"
HOST_ID = "5f0e0c9a-6d3b-4a55-9c0e-2f4f7f3b1a01"
SOAK = 1.5  # seconds
CONNECTED = "Connection established!"
PROGRAMS = {
    "stafd": "stafd/stafd", "stafctl": "stafd/stafctl", "stacd": "stacd/stacd", "stacctl": "stacd/stacctl",
    "stas-target": "tests/target/stas-target",
}
NAMES = {"stafd": "org.nvmexpress.staf", "stacd": "org.nvmexpress.stac"}

# What the policies we ship want: a bus on which nothing is allowed that is not asked for.
SYSTEM_BUS_CONFIG = """<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><deny own="*"/><deny send_type="method_call"/>
    <allow send_type="signal"/><allow send_type="method_return"/><allow send_type="error"/>
    <allow receive_sender="*"/><allow send_destination="org.freedesktop.DBus"/>
    <allow send_destination="org.freedesktop.Avahi"/>
  </policy>
  <policy user="root"><allow own="org.freedesktop.Avahi"/></policy>
  <include>{source}/etc/dbus-1/org.nvmexpress.staf.conf</include>
  <include>{source}/etc/dbus-1/org.nvmexpress.stac.conf</include>
</busconfig>
"""

BUS_CONFIG = """<busconfig>
  <type>system</type>
  <listen>unix:path={socket}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
"""


def program(name):
    return BUILD / PROGRAMS[name]


def sanitized_by(runtime):
    """Whether the build is instrumented: "ubsan" or "tsan"."""
    return f"__{runtime}_".encode() in program("stafd").read_bytes()


def not_running(daemon):
    """What a tool says when nobody has the daemon's name on the bus."""
    return (f"Unable to communicate with {daemon} over D-Bus. Is {daemon} running?\n{daemon} does not run: start it with "
            f'"systemctl start {daemon}"; "journalctl -u {daemon}" tells why it ended\n')


def nqn(name):
    return f"nqn.2024-01.org.example:{name}"


def option_lines(options):
    return "".join(f"{name.replace('_', '-')}={value}\n" for name, value in options.items())


def rule_lines(exclude, include):
    return "".join(f"exclude={line}\n" for line in exclude) + "".join(f"include={line}\n" for line in include)


def stafd_conf(*controllers, exclude=(), include=(), zeroconf="disabled", dcs=None, **options):
    """stafd.conf. `options` are those of [Global], `dcs` of [Discovery controller connection management]."""
    return (f"[Global]\n{option_lines(options)}"
            f"[Service Discovery]\nzeroconf={zeroconf}\n"
            f"[Discovery controller connection management]\n{option_lines(dcs or {})}"
            f"[Controllers]\n" + "".join(f"controller={line}\n" for line in controllers) +
            rule_lines(exclude, include))


def stacd_conf(*controllers, exclude=(), include=(), iocs=None, **options):
    """stacd.conf. `options` are those of [Global], `iocs` of [I/O controller connection management]."""
    return (f"[Global]\n{option_lines(options)}"
            f"[I/O controller connection management]\n{option_lines(iocs or {})}"
            f"[Controllers]\n" + "".join(f"controller={line}\n" for line in controllers) +
            rule_lines(exclude, include))


class Target(Process):
    """stas-target; rpc() calls its control socket."""

    def __init__(self, world, name, config, prefix=()):
        self.config_file = world.path / f"{name}.json"
        self.rpc_path = world.path / f"{name}.rpc"
        self.config_file.write_text(json.dumps(config))
        super().__init__(name, [*prefix, program("stas-target"), "--config", self.config_file, "--rpc", self.rpc_path],
                         world.env)
        self.line(r'^\{"ready": ?true\}', limit=3 * DEFAULT_LIMIT)  # long pages, under a sanitizer
        said = [json.loads(text) for _, text in self.lines if text.startswith("{")]
        self.listeners = [line["listener"] for line in said if "listener" in line]

    @property
    def port(self):
        return self.listeners[0]["trsvcid"]

    @property
    def traddr(self):
        return self.listeners[0]["traddr"]

    def controller(self, subsystem=None, **fields):
        """The fields of a controller= line that means this target's first listener."""
        line = f"transport=tcp;traddr={self.traddr};trsvcid={self.port}"
        if subsystem:
            line += f";nqn={subsystem}"
        return line + "".join(f";{key.replace('_', '-')}={value}" for key, value in fields.items())

    def rpc(self, method, **params):
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(DEFAULT_LIMIT)
            client.connect(str(self.rpc_path))
            request = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
            client.sendall(request.encode() + b"\n")
            answer = json.loads(client.makefile().readline())
        if "error" in answer:
            raise Unexpected(f"{self.name}: {method}: {answer['error']}")
        return answer["result"]

    def held(self, *names):
        """Which connections to these subsystems there are: the same controller id means the same connection."""
        return sorted((row["subnqn"], row["cntlid"]) for name in names for row in self.hosts_of(nqn(name)))

    def hosts_of(self, subsystem):
        """The controllers that are connected to one subsystem, as the target sees it."""
        return [row for row in self.rpc("controllers.list") if row["subnqn"] == subsystem]


class Daemon(Process):
    """stafd or stacd, ready (READY=1) when the constructor returns. `env`: what is special about its environment;
    `prefix`: a program that executes it."""

    def __init__(self, world, name, *args, ready=True, env=None, prefix=(), **kwargs):
        self.world = world
        self.tool = {"stafd": "stafctl", "stacd": "stacctl"}[name]
        self.runtime = world.path / f"run-{name}"
        self.runtime.mkdir(exist_ok=True)
        self.state_file = self.runtime / "last-known-config.json"
        path = world.path / f"{name}.notify"
        path.unlink(missing_ok=True)
        self.notify = NotifySocket(path)
        env = dict(world.env, RUNTIME_DIRECTORY=str(self.runtime), NOTIFY_SOCKET=str(path), **(env or {}))
        super().__init__(name, [*prefix, program(name), "--fabric=user", "--sys-conf", world.path / "sys.conf", "-f",
                                world.path / f"{name}.conf", *args], env, **kwargs)
        self.ready_at = None
        if ready:
            wait_for(f"{name} is ready", lambda: self.notify.count("READY=1") or not self.alive(), interval=0.005)
            if not self.notify.count("READY=1"):
                raise Unexpected(f"{name} ended with {self.wait()}")
            self.ready_at = next(at for at, text in self.notify.messages if "READY=1" in text.splitlines())

    def reload(self):
        before = self.notify.count("READY=1")
        self.kill(signal.SIGHUP)
        self.notify.wait("READY=1", before + 1)

    def ls(self):
        return self.world.ctl(self.tool, "ls", "-d")

    def connected(self):
        """subsysnqn (stacd) or traddr:trsvcid (stafd) of every connected controller."""
        key = (lambda c: c["subsysnqn"]) if self.name == "stacd" else (lambda c: f"{c['traddr']}:{c['trsvcid']}")
        return {key(c) for c in self.ls() if c["connected"] == "True"}


class World:
    """Everything that one story has. close() ends it all and removes the directory."""
    bus_daemon = buses.DbusDaemon

    def __init__(self, bus=True, host_nqn=HOST_NQN):
        self.path = pathlib.Path(tempfile.mkdtemp(prefix="stas-"))
        self.processes = []
        self.env = dict(os.environ, LC_ALL="C.UTF-8")
        self.env.pop("NOTIFY_SOCKET", None)
        self.env["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={self.path}/bus"
        (self.path / "sys.conf").write_text(f"[Host]\nnqn={host_nqn}\nid={HOST_ID}\nkey=\n")
        if bus:
            self.start_bus()

    def add(self, process):
        self.processes.append(process)
        return process

    def start_bus(self, config=BUS_CONFIG):
        file, path = self.path / "bus.conf", self.path / "bus"
        file.write_text(config.format(socket=path, source=SOURCE))
        return self.add(self.bus_daemon(file, path, self.env))

    def target(self, *subsystems, name="target", traddr="127.0.0.1", port="0", referrals=(), listeners=1,
               **discovery):
        """A target with so many listeners; subsystems are names or configuration objects."""
        config = {"discovery": discovery, "listeners": [{"traddr": traddr, "trsvcid": str(port)}] * listeners,
                  "subsystems": [s if isinstance(s, dict) else {"nqn": nqn(s)} for s in subsystems],
                  "referrals": list(referrals)}
        return self.add(Target(self, name, config))

    def write_conf(self, name, text):
        (self.path / f"{name}.conf").write_text(text)

    def stafd(self, conf=None, *args, **kwargs):
        if conf is not None:
            self.write_conf("stafd", conf)
        return self.add(Daemon(self, "stafd", *args, **kwargs))

    def stacd(self, conf=None, *args, **kwargs):
        if conf is not None:
            self.write_conf("stacd", conf)
        elif not (self.path / "stacd.conf").exists():
            self.write_conf("stacd", stacd_conf())
        return self.add(Daemon(self, "stacd", *args, **kwargs))

    def run(self, *argv, limit=DEFAULT_LIMIT, env=None):
        return subprocess.run([str(arg) for arg in argv], env=env or self.env, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=limit, check=False)

    def background(self, *argv):
        """A program that runs on; for a with statement."""
        return subprocess.Popen(argv, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def ctl(self, tool, *args):
        """The JSON answer of stafctl or stacctl."""
        done = self.run(program(tool), "--output=json", *args)
        if done.returncode != 0:
            raise Unexpected(f"{tool} {' '.join(args)}: exit status {done.returncode}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    def busctl(self, *args):
        return self.run("busctl", "--system", *args)

    def logs(self):
        return "\n".join(f"--- {p.name} (pid {p.pid})\n{p.text()}" for p in self.processes)

    def close(self):
        """Ends what still runs, youngest first; returns complaints about how it ended."""
        complaints = []
        for process in reversed(self.processes):
            expected = {0} if process.alive() and isinstance(process, (Daemon, Target)) else None
            try:
                status = process.stop()
                if expected is not None and status not in expected:
                    complaints.append(f"{process.name} ended with status {status}")
            except Unexpected as problem:
                complaints.append(str(problem))
            if "Sanitizer" in process.text() or "runtime error:" in process.text():
                complaints.append(f"a sanitizer spoke in {process.name}")
            if isinstance(process, Daemon):
                process.notify.close()
        shutil.rmtree(self.path, ignore_errors=True)
        return complaints


class Story(unittest.TestCase):
    """A test with a world. Fails also when something in it ended badly; prints all logs when it fails."""
    bus = True

    def setUp(self):
        self.world = World(bus=self.bus)
        self._logs = None
        self.addCleanup(self._end)

    def _end(self):
        complaints = self.world.close()
        self._logs = self.world.logs()
        self.assertEqual(complaints, [])

    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        super().run(result)
        if len(result.failures) + len(result.errors) > before and getattr(self, "_logs", None):
            print(f"=== logs of {self.id()}\n{self._logs}", file=sys.stderr)

    def eventually(self, what, condition, limit=DEFAULT_LIMIT):
        return wait_for(what, condition, limit)

    def connects(self, stacd, *names):
        """Waits until exactly these subsystems are connected."""
        wanted = {nqn(name) for name in names}
        try:
            wait_for("", lambda: stacd.connected() == wanted)
        except Unexpected:
            self.fail(f"stacd should be connected to {sorted(wanted)}, is to {sorted(stacd.connected())}")


def main():
    unittest.main(verbosity=2)
