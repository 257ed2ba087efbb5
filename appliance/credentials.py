"""Secrets: from systemd's credentials or a file, never from the site file or the command line."""

from __future__ import annotations

import os
from pathlib import Path


class NoSecret(Exception):
    """The secret is not there. The text says where it was looked for."""


def secret(name: str) -> str:
    """The content of the credential `name`, or of the file if it is a path. Raises NoSecret."""
    directory = os.environ.get("CREDENTIALS_DIRECTORY", "/etc/siaga")
    path = Path(directory) / name  # an absolute name stays what it is
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise NoSecret(
            f"{path}: kata sandi tidak terbaca / the secret cannot be read: {error.strerror}"
        ) from error


def console_token(state: Path) -> str:
    """The console's key, drawn once: a restart in mid-call must lock nobody out. Raises OSError."""
    path = state / "console-token"
    if not path.exists():
        path.touch(mode=0o600)
        from secrets import token_urlsafe

        path.write_text(token_urlsafe(16), encoding="utf-8")
    return path.read_text(encoding="utf-8")
