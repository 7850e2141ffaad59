# SPDX-License-Identifier: Apache-2.0
"""Random messages to both bus names: calls of everything that they offer, with arguments of the right types, of wrong
ones, and without any; of what they do not offer; signals and answers that nobody asked for; descriptors. All are well
formed, or the bus would not let them through. A daemon answers each call, with one of the errors that it documents if
at all, does nothing that it was not asked for, and is afterwards as large as before. For root, the bus has the policies
that we ship, which keep out what has descriptors.

STAS_BUS_FUZZ_SEED and STAS_BUS_FUZZ_MESSAGES (to each daemon) repeat or extend a run.
"""
import collections
import os
import random
import unittest
import xml.etree.ElementTree as ElementTree

import bus_values
import raw_bus
from harness import (BUS_CONFIG, DISCOVERY_NQN, HOST_NQN, NAMES, SYSTEM_BUS_CONFIG, Story, main, stacd_conf,
                     stafd_conf)
from raw_bus import Buffer, Client

SEED = int(os.environ.get("STAS_BUS_FUZZ_SEED", random.SystemRandom().randrange(1 << 32)))
MESSAGES = int(os.environ.get("STAS_BUS_FUZZ_MESSAGES", "2000"))
GROWTH_KIB = 16 * 1024  # of a daemon that has forgotten it all; the largest message is some MiB
IS_ROOT = os.geteuid() == 0  # else the policies let nobody own the names, and nothing keeps descriptors out
ANSWER = 60  # seconds; a daemon that is silent for so long on an idle bus hangs
ERRORS = {f"org.freedesktop.DBus.Error.{name}" for name in (
    "UnknownMethod", "UnknownInterface", "UnknownObject", "UnknownProperty", "InvalidArgs", "PropertyReadOnly")}
DENIED = "org.freedesktop.DBus.Error.AccessDenied"
PROPERTIES = "org.freedesktop.DBus.Properties"
INTROSPECTABLE = "org.freedesktop.DBus.Introspectable"
# What daemons listen to.
SIGNALS = [("org.freedesktop.DBus", "NameOwnerChanged"), (PROPERTIES, "PropertiesChanged"),
           ("org.freedesktop.systemd1.Manager", "JobRemoved"), (NAMES["stafd"], "log_pages_changed"),
           (NAMES["stafd"], "dc_removed"), ("org.nvmexpress.staf.evidence", "settled")]


def objects(client, name, path="/"):
    """All that a name offers: [(path, interface, kind, member, signature of what goes in)]."""
    xml = ElementTree.fromstring(client.ask(name, path, INTROSPECTABLE, "Introspect"))
    found = []
    for interface in xml.iter("interface"):
        for member in interface:
            signature = "".join(arg.get("type") for arg in member.iter("arg") if arg.get("direction") != "out")
            if member.tag in ("method", "property"):
                found.append((path, interface.get("name"), member.tag, member.get("name"),
                              signature or member.get("type") or ""))
    for node in xml.findall("node"):
        found += objects(client, name, f"{path.rstrip('/')}/{node.get('name')}")
    return found


class Fuzzer:
    """One daemon's; `random` decides everything."""

    def __init__(self, client, name, tids, rng):
        self.client, self.name, self.tids, self.random = client, name, tids, rng
        self.offered = objects(client, name)
        self.methods = [entry for entry in self.offered if entry[2] == "method"]
        self.properties = [entry for entry in self.offered if entry[2] == "property"]
        self.outcomes, self.examples = collections.Counter(), {}

    def step(self):
        choice = self.random.randrange(20)
        if choice < 9:
            path, interface, _, member, signature = self.random.choice(self.methods)
            self.call(path, interface, member, signature, self.values(signature))
        elif choice < 12:
            path, interface, _, member, _ = self.random.choice(self.methods)
            self.call(path, interface, member, *self.anything())
        elif choice < 15:
            self.call(*self.mixed(), *self.anything())
        elif choice < 18:
            self.property()
        elif choice < 19:
            interface, member = self.random.choice(SIGNALS)
            self.send(raw_bus.SIGNAL, {raw_bus.PATH: self.random.choice(self.offered)[0], raw_bus.INTERFACE: interface,
                                       raw_bus.MEMBER: member}, *self.anything())
        else:
            kind = self.random.choice((raw_bus.METHOD_RETURN, raw_bus.ERROR))
            name = {raw_bus.ERROR_NAME: "org.freedesktop.DBus.Error.Failed"} if kind == raw_bus.ERROR else {}
            self.send(kind, {raw_bus.REPLY_SERIAL: self.random.randrange(1, 100)} | name, *self.anything())

    def values(self, signature):
        """Right types; texts are those of a controller that exists, or of one that nearly does, or odd ones."""
        kinds = bus_values.complete_types(signature)
        values = [bus_values.random_value(self.random, kind) for kind in kinds]
        if signature == "s" * 7 and self.random.randrange(2):
            known = list(self.random.choice(self.tids))
            for _ in range(self.random.randrange(3)):
                known[self.random.randrange(7)] = bus_values.random_text(self.random)
            return known
        return values

    def anything(self):
        if self.random.randrange(8) == 0:
            return "", []
        signature = bus_values.random_signature(self.random)
        return signature, [bus_values.random_value(self.random, kind) for kind in bus_values.complete_types(signature)]

    def mixed(self):
        """Parts of what is offered, or of nothing, that do not belong together."""
        def pick(index, made):
            return self.random.choice((self.random.choice(self.offered)[index], made))
        return pick(0, bus_values.random_path(self.random)), pick(1, "org.example.nothing"), pick(3, "x" * 255)

    def property(self):
        path, interface, _, member, signature = self.random.choice(self.properties)
        how = self.random.randrange(4)
        text = self.random.choice((interface, bus_values.random_text(self.random)))
        if how == 0:
            self.call(path, PROPERTIES, "GetAll", "s", [text])
        elif how == 1:
            self.call(path, PROPERTIES, "Get", "ss", [text, self.random.choice((member, "", "\u00e4"))])
        else:
            kind = signature if how == 2 else bus_values.random_type(self.random)
            value = (kind, bus_values.random_value(self.random, kind))
            self.call(path, PROPERTIES, "Set", "ssv", [interface, member, value])

    def call(self, path, interface, member, signature, values):
        silent = self.random.randrange(20) == 0
        fields = {raw_bus.PATH: path, raw_bus.INTERFACE: interface, raw_bus.MEMBER: member}
        if self.random.randrange(20) == 0:
            del fields[raw_bus.INTERFACE]  # then the member alone counts
        flags = raw_bus.NO_REPLY_EXPECTED if silent else 0
        serial, descriptors = self.send(raw_bus.METHOD_CALL, fields, signature, values, flags)
        if silent:
            return
        error, _, text = self.client.answer(serial, ANSWER)
        if (error == DENIED) == bool(descriptors):
            error = error.removesuffix(DENIED)
        else:
            error = f"{error or 'no error'} with {descriptors} descriptors"
        self.outcomes[error] += 1
        self.examples.setdefault(error, f"{fields} {signature}: {text}")

    def send(self, kind, fields, signature, values, flags=0):
        body = Buffer()
        for part, value in zip(bus_values.complete_types(signature), values):
            bus_values.write(body, part, value)
        fields = fields | {raw_bus.DESTINATION: self.name}
        if signature:
            fields[raw_bus.SIGNATURE] = signature
        takes_files = fields.get(raw_bus.MEMBER) == "plan"  # root's; whether there is room for them is root's care
        with open(os.devnull, "rb") as null:
            sends = IS_ROOT and not takes_files
            descriptors = [null.fileno()] * (self.random.choice((0, 0, 0, 0, 1, 3)) if sends else 0)
            return self.client.send_message(kind, fields, body, flags, descriptors), len(descriptors)


def size(daemon):
    """Descriptors and threads."""
    return len(os.listdir(f"/proc/{daemon.pid}/fd")), len(os.listdir(f"/proc/{daemon.pid}/task"))


class BusFuzz(Story):
    bus = False

    def setUp(self):
        super().setUp()
        self.world.start_bus(SYSTEM_BUS_CONFIG if IS_ROOT else BUS_CONFIG)
        self.target = self.world.target("one")
        # Memory that was given back counts as such, with AddressSanitizer too.
        now = "quarantine_size_mb=0:thread_local_quarantine_size_kb=0"
        env = {"ASAN_OPTIONS": f"{os.environ.get('ASAN_OPTIONS', '')}:{now}"}
        self.stafd = self.world.stafd(stafd_conf(self.target.controller()), env=env)
        self.stacd = self.world.stacd(stacd_conf(), env=env)
        self.connects(self.stacd, "one")
        self.held = self.target.held("one")
        self.client = Client(self.world.env["DBUS_SYSTEM_BUS_ADDRESS"])
        self.addCleanup(self.client.close)
        self.tids = [("tcp", "127.0.0.1", str(self.target.port), subsystem, "", "", host)
                     for subsystem in (DISCOVERY_NQN, "nqn.2024-01.org.example:one") for host in ("", HOST_NQN)]

    def test_the_daemons_answer_and_are_as_large_as_before(self):
        print(f"STAS_BUS_FUZZ_SEED={SEED} STAS_BUS_FUZZ_MESSAGES={MESSAGES}")
        for daemon in (self.stafd, self.stacd):
            fuzzer = Fuzzer(self.client, NAMES[daemon.name], self.tids, random.Random(SEED))
            for _ in range(MESSAGES // 4):  # what is taken once and kept
                fuzzer.step()
            before, memory = size(daemon), daemon.memory_kib()[0]
            for _ in range(MESSAGES - MESSAGES // 4):
                fuzzer.step()
            self.world.busctl("set-property", NAMES[daemon.name], f"/org/nvmexpress/{NAMES[daemon.name][-4:]}",
                              f"{NAMES[daemon.name]}.debug", "tron", "b", "false")
            grown = daemon.memory_kib()[0] - memory
            counts = {error.rpartition(".")[2] or "answers": count for error, count in fuzzer.outcomes.items()}
            print(f"{daemon.name}: {counts}; {size(daemon)} descriptors and threads, grew by {grown} KiB")
            for error in set(fuzzer.outcomes) - ERRORS - {""}:
                self.fail(f"{error}: {fuzzer.examples[error][:500]}")
            self.assertGreater(fuzzer.outcomes[""], MESSAGES // 10, "mostly errors show nothing")
            self.assertLess(grown, GROWTH_KIB)
            self.eventually("nothing is left open", lambda of=daemon, was=before: size(of) <= was)
        for daemon in (self.stafd, self.stacd):
            self.assertTrue(daemon.alive())
            self.assertEqual(daemon.notify.count("READY=1"), 1)
        self.connects(self.stacd, "one")
        self.assertEqual(self.target.held("one"), self.held)


if __name__ == "__main__":
    main()
