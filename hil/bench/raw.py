"""The floor of Python: the same work with nothing around it, by the standard library alone.

    python -m hil.bench.raw listen PORT TOPIC COUNT     # prints what arrived, COUNT at a time
    python -m hil.bench.raw chain TTY DATABASE PORT TOPIC BYTES
    python -m hil.bench.raw drain PORT TOPIC BYTES COUNT

`listen` prints JSON: of each message its arrival in CLOCK_MONOTONIC nanoseconds and its length.
`chain` reads a modem's port, commits a row of each call and its order to the product's own tables,
and publishes; `drain` publishes COUNT messages, 20 on their way at a time. All print `ready` first.

OASIS MQTT 3.1.1: 2.2.3 (remaining length), 3.1 (CONNECT), 3.3 (PUBLISH), 3.8 (SUBSCRIBE).
"""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import sys
import time
import tty
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

HOST = "127.0.0.1"
WINDOW = 20
SCHEMA = Path(__file__).parents[2] / "appliance" / "journal" / "schema_1.sql"
READ_MAX = 1 << 16
WAL_BYTES = 4_400 * 1_048  # as the product's journal grows its own

_CHAIN = bytes(32)
_ORDER = (
    "INSERT INTO outbox (key, seq, channel, recipient, form, body)"
    " VALUES (?, ?, 'mqtt', 'hub', 'CallNotice', ?)"
)
_CONNACK, _PUBLISH, _PUBACK, _SUBACK = 0x2, 0x3, 0x4, 0x9


def main(argv: list[str]) -> None:
    match argv:
        case ["listen", port, topic, count]:
            listen(int(port), topic, int(count))
        case ["chain", terminal, database, port, topic, size]:
            chain(terminal, Path(database), int(port), topic, int(size))
        case ["drain", port, topic, size, count]:
            drain(int(port), topic, int(size), int(count))
        case _:
            sys.exit(__doc__)


# --- MQTT ---------------------------------------------------------------------------------------


class Packets:
    """Whole packets out of a stream of bytes."""

    def __init__(self) -> None:
        self._rest = b""

    def of(self, data: bytes) -> Iterator[tuple[int, bytes]]:
        """The kind and the body of each packet that `data` completes."""
        rest = self._rest + data
        at = 0
        while (end := _end(rest, at)) is not None:
            body, last = end
            if last > len(rest):
                break
            yield rest[at] >> 4, rest[body:last]
            at = last
        self._rest = rest[at:]


def _end(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the body of the packet at `at` begins and ends; None: not known yet."""
    length = 0
    for place in range(4):
        if at + 1 + place >= len(data):
            return None
        octet = data[at + 1 + place]
        length |= (octet & 0x7F) << 7 * place
        if octet < 0x80:
            break
    return at + 2 + place, at + 2 + place + length


def packet(head: int, body: bytes) -> bytes:
    length, encoded = len(body), bytearray()
    while length > 0x7F:
        encoded.append(0x80 | length & 0x7F)
        length >>= 7
    encoded.append(length)
    return bytes([head]) + encoded + body


def text(said: str) -> bytes:
    return len(said).to_bytes(2, "big") + said.encode()


def connected(port: int, client: str) -> socket.socket:
    sock = socket.create_connection((HOST, port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.sendall(packet(0x10, text("MQTT") + b"\x04\x02\x00\x00" + text(client)))
    _await(sock, _CONNACK)
    return sock


def publication(topic: str, payload: bytes, mid: int) -> bytes:
    return packet(0x32, text(topic) + mid.to_bytes(2, "big") + payload)


def _await(sock: socket.socket, kind: int) -> None:
    for found, _ in Packets().of(sock.recv(READ_MAX)):
        if found == kind:
            return
    sys.exit("mosquitto refuses us")


# --- programs -----------------------------------------------------------------------------------


def listen(port: int, topic: str, count: int) -> None:
    sock = connected(port, "listener")
    sock.sendall(packet(0x82, b"\x00\x01" + text(topic) + b"\x01"))
    _await(sock, _SUBACK)
    _say("ready")
    packets, arrived = Packets(), list[tuple[int, int]]()
    while data := sock.recv(READ_MAX):
        now_ns = time.monotonic_ns()
        acks = bytearray()
        for kind, body in packets.of(data):
            if kind == _PUBLISH:
                after = 2 + int.from_bytes(body[:2], "big")
                acks += packet(0x40, body[after : after + 2])
                arrived.append((now_ns, len(body) - after - 2))
        sock.sendall(acks)
        while len(arrived) >= count:
            _say(json.dumps(arrived[:count]))
            del arrived[:count]


def chain(terminal: str, database: Path, port: int, topic: str, size: int) -> None:
    file = os.open(terminal, os.O_RDWR | os.O_NOCTTY)
    tty.setraw(file)
    db, sock = _journal(database), connected(port, "raw")
    Thread(target=_swallow, args=(sock,), daemon=True).start()
    _say("ready")
    calls, unread = 0, b""
    while data := os.read(file, 4_096):
        *lines, unread = (unread + data).split(b"\r\n")
        for line in lines:
            if line.startswith(b"+CLIP:"):
                calls += 1
                number = line.split(b'"')[1].decode()
                _commit(db, calls, number)
                sock.sendall(publication(topic, number.encode().ljust(size), calls & 0x7FFF | 1))


def drain(port: int, topic: str, size: int, count: int) -> None:
    sock = connected(port, "raw")
    _say("ready")
    sys.stdin.readline()
    packets, sent, taken = Packets(), 0, 0
    while taken < count:
        while sent < count and sent - taken < WINDOW:
            sock.sendall(publication(topic, bytes(size), sent % 60_000 + 1))
            sent += 1
        taken += sum(kind == _PUBACK for kind, _ in packets.of(sock.recv(READ_MAX)))


def _journal(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None)
    for pragma in ("page_size = 1024", "journal_mode = WAL", "synchronous = FULL"):
        db.execute(f"PRAGMA {pragma}")
    db.executescript(SCHEMA.read_text())
    db.execute("INSERT INTO boot VALUES (1, 'raw', 0)")
    with path.with_name(path.name + "-wal").open("ab", buffering=0) as wal:
        wal.write(bytes(WAL_BYTES))
        os.fsync(wal.fileno())
    return db


def _commit(db: sqlite3.Connection, call: int, number: str) -> None:
    now_ms = time.time_ns() // 1_000_000
    event = json.dumps({"call": call, "line": "raw", "leg": f"raw/{call}", "number": number})
    body = json.dumps({"call": call, "line": "raw", "offered_utc_ms": now_ms})
    row = (call, now_ms, "synced", 1, now_ms, "CallOffered", f"call/{call}", event, _CHAIN)
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO journal VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
    db.execute(_ORDER, (f"call/{call}", call, body))
    db.execute("COMMIT")


def _swallow(sock: socket.socket) -> None:
    while sock.recv(READ_MAX):
        pass


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1:])
