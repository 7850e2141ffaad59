# SPDX-License-Identifier: Apache-2.0
"""TLS 1.3 of the kernel's host with tlshd against the bundled target's secure listener, connected by stacd: with the key of
the keyring, with one that is named, with a wrong one, with none, and with nobody who does the handshake.

The keys are derived here, as NVMe/TCP 1.1 says it with HKDF-Expand-Label of RFC 8446: libnvme does so from 1.16 on only.
Debian 13 has 1.13, whose derivation leaves out the length bytes, and ktls-utils 1.0.0, which cannot do the keys of 48 bytes."""
import base64
import hashlib
import hmac
import os
import re
import subprocess

from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import
from our_target import MIB, OurTarget, block_device, with_namespace

REFUSED = "TLS keys of host and controller differ"


def new_key():
    """A configured key in the interchange form, to be used as it is: 32 bytes."""
    text = nvme("gen-tls-key", "--hmac=1", "-n", HOST_NQN, "-c", nqn("one")).stdout
    return re.search(r"NVMeTLSkey-1:\S+:", text)[0]


def mac(key, *parts):
    return hmac.new(key, b"".join(parts), hashlib.sha256).digest()


def expand_label(key, label, context):
    """HKDF-Extract without salt, then one block of HKDF-Expand with an HkdfLabel."""
    vectors = [bytes([len(part)]) + part for part in (b"tls13 " + label, context)]
    return mac(mac(bytes(32), key), (32).to_bytes(2, "big"), *vectors, b"\1")


def derived(key, version):
    """(identity, secret) of an interchange key for this host and subsystem one."""
    configured = base64.b64decode(key.split(":")[2])[:32]
    host, subsystem = HOST_NQN.encode(), nqn("one").encode()
    retained = expand_label(configured, b"HostNQN", host)
    identity = f"NVMe{version}R01 {HOST_NQN} {nqn('one')}"
    if version == 0:
        return identity, expand_label(retained, b"nvme-tls-psk", identity.encode())
    digest = base64.b64encode(mac(retained, host, b" ", subsystem, b" ", b"NVMe-over-Fabrics")).decode()
    return f"{identity} {digest}", expand_label(retained, b"nvme-tls-psk", b"01 " + digest.encode())


def keys():
    """Serial numbers of the kernel's TLS keys, without those that are invalid and only held by a connection yet."""
    lines = pathlib.Path("/proc/keys").read_text(encoding="ascii").splitlines()
    return [int(line.split()[0], 16) for line in lines if " psk " in line and "i" not in line.split()[1]]


class Tls(OurTarget):
    def setUp(self):
        super().setUp()
        run("modprobe", "nvme-tcp")  # makes the keyring .nvme
        for keyring in ("%:.nvme", "@u"):
            run("keyctl", "link", keyring, "@s")  # what is not possessed cannot be changed
        self.keyring = int(run("keyctl", "newring", "arrays", "@u").stdout)
        self.addCleanup(run, "keyctl", "unlink", self.keyring, "@u")
        run("keyctl", "setperm", self.keyring, "0x3f3f0000")
        self.forget_keys()
        self.addCleanup(self.forget_keys)
        systemctl("start", "tlshd")
        self.addCleanup(systemctl, "stop", "tlshd")
        self.key = new_key()

    def forget_keys(self):
        for serial in keys():
            run("keyctl", "invalidate", serial, check=False)
        self.eventually("no key is left", lambda: not keys())

    def insert(self, key, version=1, keyring="%:.nvme"):
        """Into the kernel, as an administrator's tool does; returns its serial number."""
        identity, secret = derived(key, version)
        done = subprocess.run(["keyctl", "padd", "psk", identity, str(keyring)], input=secret, capture_output=True,
                              check=True)
        run("keyctl", "setperm", int(done.stdout), "0x3f3f0000")  # tlshd does not possess it
        return int(done.stdout)

    def secure(self):
        subsystem = with_namespace("one")
        subsystem["tls_keys"] = [{"host": HOST_NQN, "key": self.key}]
        return self.serve(subsystem, listener={"secure": True})

    def manage(self, **fields):
        write_conf("stacd", stacd_conf(ioc("one", nr_io_queues=1, **fields)))
        if systemctl("is-active", "stacd", check=False).returncode == 0:
            reload("stacd")
        else:
            start("stacd")

    def findings(self):
        """What the doctor says about TLS."""
        report = json.loads(run("stasadm", "doctor", "--output=json", check=False).stdout)
        return sorted(one["id"] for one in report["findings"] if one["id"].startswith("tls-"))

    def refused(self, pattern, **fields):
        self.manage(**fields)
        self.says(pattern, "stacd")
        print("      " + re.search(f".*{pattern}.*", self.journal("stacd"))[0], file=sys.stderr)
        self.assertEqual(live_nqns(), [])

    def moves_data(self):
        device = self.eventually("the namespace is there", lambda: block_device("one"), LIMIT)
        data, back = self.path / "data", self.path / "back"
        data.write_bytes(os.urandom(MIB))
        run("dd", f"if={data}", f"of={device}", "bs=64K", "oflag=direct", "status=none")
        run("dd", f"if={device}", f"of={back}", "bs=64K", "count=16", "iflag=direct", "status=none")
        self.assertTrue(data.read_bytes() == back.read_bytes(), "what was read is not what was written")

    def test_the_key_of_the_keyring(self):
        target = self.secure()
        serial = self.insert(self.key)
        self.manage(tls="true")
        self.connects("one")
        controller, = io_controllers(subsysnqn=nqn("one"))
        used = pathlib.Path("/sys/class/nvme", controller.name, "tls_key").read_text(encoding="ascii")
        self.assertEqual(int(used, 16), serial, "the key that secures it")
        self.assertEqual(len(target.held("one")), 1)
        self.moves_data()
        self.assertEqual(self.findings(), [])

    def test_the_older_identity(self):
        self.secure()
        self.insert(self.key, version=0)
        self.manage(tls="true")
        self.connects("one")

    def test_a_key_that_only_old_libnvme_derives(self):
        """What nvme-cli of Debian 13 inserts is not the key of the specification, and the target knows no other."""
        self.secure()
        nvme("check-tls-key", "--insert", "--identity=1", f"--keydata={self.key}", "-n", HOST_NQN, "-c", nqn("one"))
        self.assertEqual(len(keys()), 1)
        self.refused(REFUSED, tls="true")

    def test_a_key_that_is_named(self):
        """The keyring's own one for this pair would be refused."""
        self.secure()
        self.insert(new_key())
        serial = self.insert(self.key, keyring=self.keyring)
        self.manage(tls_key=serial)
        self.connects("one")
        self.moves_data()

    def test_a_key_of_another_keyring(self):
        self.secure()
        self.insert(new_key())
        self.insert(self.key, keyring=self.keyring)
        self.manage(tls="true", keyring=self.keyring)
        self.connects("one")

    def test_a_wrong_key_then_the_right_one(self):
        target = self.secure()
        self.insert(new_key())
        self.refused(REFUSED, tls="true")
        self.assertEqual(target.held("one"), [])
        self.forget_keys()
        self.insert(self.key)
        self.manage(tls="true", kato=7)
        self.connects("one")

    def test_no_key(self):
        self.secure()
        self.refused("no TLS key for this host NQN and subsystem", tls="true")
        self.assertEqual(self.findings(), ["tls-no-key"])
        self.insert(self.key)
        self.assertEqual(self.findings(), [])

    def test_nobody_does_the_handshake(self):
        self.secure()
        self.insert(self.key)
        systemctl("stop", "tlshd")
        self.refused("tlshd is not running", tls="true")
        self.assertEqual(self.findings(), ["tls-no-tlshd"])

    def test_without_tls_at_a_secure_listener(self):
        self.secure()
        self.refused("a port that wants TLS does so", tls="false")


if __name__ == "__main__":
    main()
