"""What +CME ERROR and +CMS ERROR numbers mean, for people: Indonesian / English.

Only the ones a technician can act on; the others are shown as the modem gave them.
3GPP TS 27.007 9.2 and 3GPP TS 27.005 3.2.5.
"""

from __future__ import annotations

import re

_CODE = re.compile(rb"\+(CM[ES]) ERROR: *(\d+)")
_MEANING = {
    (b"CME", 3): "tidak diizinkan / not allowed",
    (b"CME", 10): "kartu SIM tidak terpasang / SIM card not inserted",
    (b"CME", 11): "SIM meminta PIN / SIM asks for its PIN",
    (b"CME", 12): "SIM terkunci, perlu PUK / SIM blocked, needs its PUK",
    (b"CME", 13): "SIM rusak / SIM failure",
    (b"CME", 14): "SIM sibuk / SIM busy",
    (b"CME", 15): "SIM salah / wrong SIM",
    (b"CME", 16): "PIN salah / wrong PIN",
    (b"CME", 30): "tidak ada jaringan / no network service",
    (b"CME", 31): "jaringan tidak menjawab / network timeout",
    (b"CME", 32): "hanya panggilan darurat / emergency calls only",
    (b"CMS", 38): "jaringan rusak / network out of order",
    (b"CMS", 41): "gangguan sementara / temporary failure",
    (b"CMS", 42): "jaringan padat / congestion",
    (b"CMS", 310): "kartu SIM tidak terpasang / SIM card not inserted",
    (b"CMS", 322): "memori SMS penuh / SMS memory full",
    (b"CMS", 330): "alamat pusat SMS tidak ada / SMS centre address unknown",
    (b"CMS", 331): "tidak ada jaringan / no network service",
    (b"CMS", 332): "jaringan tidak menjawab / network timeout",
}


def meaning(final: bytes) -> str:
    """The final result code `final` in words, and as it came."""
    said = final.decode("ascii", "replace")
    code = _CODE.match(final)
    words = _MEANING.get((code[1], int(code[2]))) if code else None
    return f"{words} ({said})" if words else said
