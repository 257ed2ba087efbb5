"""JSON as our messages carry it: compact, UTF-8."""

from __future__ import annotations

import json
from collections.abc import Mapping

Json = dict[str, object]


def to_json(value: Mapping[str, object]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
