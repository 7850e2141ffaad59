# SPDX-License-Identifier: Apache-2.0
"""Values of any D-Bus type: random ones, and how they go over the wire. As the specification has them, so that the bus
lets them through; what they mean is another matter. Standard library only."""
import struct

from raw_bus import Buffer

_FIXED = {"y": "<B", "b": "<I", "n": "<h", "q": "<H", "i": "<i", "u": "<I", "x": "<q", "t": "<Q", "d": "<d", "h": "<I"}
_BASIC = "ybnqiuxtdsog"
MAX_DEPTH = 6  # of a random signature; the bus allows 32 arrays in 32 structures
MAX_ITEMS = 8
# What looks like something to a daemon (parts of transport IDs, connect strings, formats, paths), and what must
# not end up in a log or a file as it is.
ODD_TEXTS = ["", "tcp", "rdma", "fc", "loop", "pcie", "127.0.0.1", "::1", "[::1]", "8009", "-1", "65536", "none", "*",
             "nqn.2014-08.org.nvmexpress.discovery", "tcp,traddr=127.0.0.1", "a=b;c=d", "%s%n%99999999d", "\x1b[2J",
             "\n", "../../etc/passwd", "\u202e", "\ufffd", "\U0010ffff", "{", "[1, 2", "nvme0", "user0", "True",
             "\x7f" * 300]


def complete_types(signature):
    """The single complete types of a signature."""
    at, found = 0, []
    while at < len(signature):
        end = _end(signature, at)
        found.append(signature[at:end])
        at = end
    return found


def _end(signature, at):
    if signature[at] == "a":
        return _end(signature, at + 1)
    closing = {"(": ")", "{": "}"}.get(signature[at])
    if closing is None:
        return at + 1
    at += 1
    while signature[at] != closing:
        at = _end(signature, at)
    return at + 1


def alignment(kind):
    return {"y": 1, "g": 1, "v": 1, "n": 2, "q": 2, "x": 8, "t": 8, "d": 8, "(": 8, "{": 8}.get(kind[0], 4)


def write(buffer, kind, value):
    """Appends a value of one complete type; a variant is (kind, value), a structure a tuple, an array a list."""
    buffer.align(alignment(kind))
    if kind in _FIXED:
        buffer.extend(struct.pack(_FIXED[kind], value))
    elif kind in ("s", "o"):
        buffer.text(value)
    elif kind == "g":
        buffer.signature(value)
    elif kind == "v":
        buffer.signature(value[0])
        write(buffer, *value)
    elif kind[0] == "a":
        length_at = len(buffer)
        buffer.u32(0)
        buffer.align(alignment(kind[1:]))
        start = len(buffer)
        for item in value:
            write(buffer, kind[1:], item)
        struct.pack_into("<I", buffer, length_at, len(buffer) - start)
    else:
        for part, item in zip(complete_types(kind[1:-1]), value):
            write(buffer, part, item)


def random_text(random):
    choice = random.randrange(12)
    if choice < 8:
        return random.choice(ODD_TEXTS)
    if choice < 11:
        return "".join(chr(random.choice((random.randrange(1, 0xd800), random.randrange(32, 127))))
                       for _ in range(random.randrange(64)))
    return random.choice(("x", "\u00e4", "\\")) * random.choice((255, 4096, 65536))


def random_path(random):
    return "/" + "/".join("".join(random.choice("abz_09") for _ in range(random.randrange(1, 9)))
                          for _ in range(random.randrange(4)))


def random_type(random, depth=0):
    choice = random.randrange(10) if depth < MAX_DEPTH else 0
    if choice < 6:
        return random.choice(_BASIC)
    if choice == 6:
        return "v"
    if choice == 7:
        return "(" + "".join(random_type(random, depth + 1) for _ in range(random.randrange(1, 4))) + ")"
    if choice == 8:
        return "a{" + random.choice(_BASIC) + random_type(random, depth + 1) + "}"
    return "a" + random_type(random, depth + 1)


def random_signature(random):
    while True:
        signature = "".join(random_type(random) for _ in range(random.randrange(1, 5)))
        if len(signature) <= 255:  # what a length in one byte can say
            return signature


def random_value(random, kind, depth=0):
    if kind == "b":
        return random.randrange(2)
    if kind == "d":
        return random.choice((0.0, -1.5, 1e308, float("inf"), float("nan")))
    if kind in _FIXED:
        bits = 8 * struct.calcsize(_FIXED[kind])
        low = -(1 << bits - 1) if _FIXED[kind][1].islower() else 0
        return random.choice((low, low + (1 << bits) - 1, 1, random.randrange(low, low + (1 << bits))))
    if kind == "s":
        return random_text(random)
    if kind == "o":
        return random_path(random)
    if kind == "g":
        return "".join(random_type(random, MAX_DEPTH - 1) for _ in range(random.randrange(4)))
    if kind == "v":
        inner = random_type(random, depth + 1)
        return inner, random_value(random, inner, depth + 1)
    if kind[0] == "a":
        items = random.randrange(MAX_ITEMS) if depth < 3 else 1
        return [random_value(random, kind[1:], depth + 1) for _ in range(items)]
    return tuple(random_value(random, part, depth + 1) for part in complete_types(kind[1:-1]))
