# SPDX-License-Identifier: Apache-2.0
"""A client of the bus that libraries do not let one write: it sends calls without end and reads nothing, asks for no
reply, or goes on calling. What is easy are method calls with text and boolean arguments; send_message() takes any
message, whose body bus_values.py makes. Standard library only.
"""
import os
import socket
import struct

NO_REPLY_EXPECTED = 1
METHOD_CALL, METHOD_RETURN, ERROR, SIGNAL = 1, 2, 3, 4
PATH, INTERFACE, MEMBER, ERROR_NAME, REPLY_SERIAL, DESTINATION, SIGNATURE, UNIX_FDS = 1, 2, 3, 4, 5, 6, 8, 9
_TYPES = {PATH: "o", INTERFACE: "s", MEMBER: "s", ERROR_NAME: "s", REPLY_SERIAL: "u", DESTINATION: "s", SIGNATURE: "g",
          UNIX_FDS: "u"}


class Buffer(bytearray):
    def align(self, to):
        self.extend(b"\0" * (-len(self) % to))

    def u32(self, value):
        self.align(4)
        self.extend(struct.pack("<I", value))

    def text(self, value):
        self.u32(len(value.encode()))
        self.extend(value.encode() + b"\0")

    def signature(self, value):
        self.extend(bytes([len(value)]) + value.encode() + b"\0")


def message_bytes(kind, serial, fields, body=b"", flags=0):
    """A message as it goes over the wire; `fields` are those of its header, {code: value}."""
    head = Buffer(struct.pack("<cBBBIII", b"l", kind, flags, 1, len(body), serial, 0))
    for code, value in fields.items():
        head.align(8)
        head.append(code)
        head.signature(_TYPES[code])
        {"g": head.signature, "u": head.u32}.get(_TYPES[code], head.text)(value)
    struct.pack_into("<I", head, 12, len(head) - 16)
    head.align(8)
    return bytes(head + body)


def call_bytes(serial, destination, path, interface, member, args=(), flags=0):
    """A method call; `args` are texts and booleans."""
    body = Buffer()
    for arg in args:
        body.u32(arg) if isinstance(arg, bool) else body.text(arg)
    fields = {PATH: path, INTERFACE: interface, MEMBER: member, DESTINATION: destination}
    if args:
        fields[SIGNATURE] = "".join("b" if isinstance(arg, bool) else "s" for arg in args)
    return message_bytes(METHOD_CALL, serial, fields, body, flags)


def _fields(data):
    """The header fields that hold a text or a number, as {code: value}."""
    found, at, end = {}, 16, 16 + struct.unpack_from("<I", data, 12)[0]
    while at < end:
        at += -at % 8
        code, kind = data[at], chr(data[at + 2])
        at += 4
        if kind == "g":
            size = data[at]
            found[code], at = data[at + 1:at + 1 + size].decode(), at + size + 2
            continue
        at += -at % 4
        number = struct.unpack_from("<I", data, at)[0]
        at += 4
        found[code] = number
        if kind != "u":
            found[code], at = data[at:at + number].decode(), at + number + 1
    return found


class Client:
    """One connection. Nothing is read from it but by answer(), so what is sent to it stays where it is."""

    def __init__(self, address):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(address.partition("path=")[2].partition(",")[0])
        self._authenticate(b"\0AUTH EXTERNAL " + str(os.getuid()).encode().hex().encode(), b"OK")
        self._authenticate(b"NEGOTIATE_UNIX_FD", b"AGREE_UNIX_FD")
        self._socket.sendall(b"BEGIN\r\n")
        self._serial = 0
        driver = ("org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus")
        self.name = self.ask(*driver, "Hello")

    def _authenticate(self, line, expected):
        self._socket.sendall(line + b"\r\n")
        reply = b""
        while not reply.endswith(b"\r\n"):
            reply += self._socket.recv(256)
        if not reply.startswith(expected):
            raise ConnectionError(reply.decode())

    def send_message(self, kind, fields, body=b"", flags=0, descriptors=()):
        """A message of any kind, with descriptors; returns its serial."""
        self._serial += 1
        if descriptors:
            fields = fields | {UNIX_FDS: len(descriptors)}
        data = message_bytes(kind, self._serial, fields, body, flags)
        sent = socket.send_fds(self._socket, [data], descriptors) if descriptors else 0
        self._socket.sendall(data[sent:])
        return self._serial

    def send(self, *what, args=(), flags=0, times=1):
        """The call `times` times at once; returns the serial of the last one. Blocks while nobody reads it."""
        calls = []
        for _ in range(times):
            self._serial += 1
            calls.append(call_bytes(self._serial, *what, args, flags))
        self._socket.sendall(b"".join(calls))
        return self._serial

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            piece = self._socket.recv(size - len(data))
            if not piece:
                raise ConnectionError("the bus closed the connection")
            data += piece
        return data

    def answer(self, serial=None, limit=20.0):
        """The answer to that call, or the next one: (name of the error or "", size in bytes, text or None)."""
        self._socket.settimeout(limit)
        while True:
            head = self._exactly(16)
            body_size, fields_size = struct.unpack_from("<I", head, 4)[0], struct.unpack_from("<I", head, 12)[0]
            data = head + self._exactly(fields_size + -fields_size % 8 + body_size)
            fields = _fields(data)
            if data[1] not in (METHOD_RETURN, ERROR) or serial not in (None, fields[REPLY_SERIAL]):
                continue
            text = None
            if fields.get(SIGNATURE, "").startswith("s"):
                start = len(data) - body_size
                text = data[start + 4:start + 4 + struct.unpack_from("<I", data, start)[0]].decode()
            return fields.get(ERROR_NAME, ""), len(data), text

    def ask(self, *what, args=(), limit=20.0):
        """The text that a call is answered with; an error is raised."""
        error, _, text = self.answer(self.send(*what, args=args), limit)
        if error:
            raise ConnectionError(f"{error}: {text}")
        return text

    def close(self):
        self._socket.close()
