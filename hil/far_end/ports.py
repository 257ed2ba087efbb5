"""Ports on the loopback for servers that are started for one test or one demo."""

from __future__ import annotations

import socket


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    """Return a port nobody has at this moment."""
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        assert isinstance(port, int)
        return port
