"""What the texts of the site file must look like: codes, names, numbers, addresses.

E.164 (telephone numbers), RFC 3261 19.1 (SIP URIs), CAP and MQTT names as the public contract has
them: regency code without dots, party names only [a-z0-9-], because brokers rewrite dots.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, ip_address
from pathlib import PurePosixPath

from appliance.settings.setting import Form
from appliance.settings.wording import Wording

_PORT = r"(?:6553[0-5]|655[0-2]\d|65[0-4]\d\d|6[0-4]\d{3}|[1-5]\d{4}|[1-9]\d{0,3})"


def _pattern(pattern: str, id: str, en: str) -> Form:
    compiled = re.compile(pattern, re.ASCII)
    return Form(Wording(id, en), lambda text: compiled.fullmatch(text) is not None)


def _is_zone(text: str) -> bool:
    from zoneinfo import ZoneInfo  # 5 ms that only the check of this one setting needs

    try:
        ZoneInfo(text)
    except (ValueError, OSError, LookupError):  # not a name, a directory, no such zone
        return False
    return True


def _is_loopback(text: str) -> bool:
    return text in ("127.0.0.1", "::1")


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _is_own_address(text: str) -> bool:
    try:
        address = IPv4Address(text)
    except ValueError:
        return False
    return not (address.is_unspecified or address.is_multicast)


def _is_absolute(text: str) -> bool:
    path = PurePosixPath(text)
    return path.is_absolute() and ".." not in path.parts


TEXT = _pattern(
    r"[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*", "teks satu baris", "one line of text"
)
REGENCY = _pattern(
    r"[0-9]{4}",
    'kode kabupaten/kota empat angka, mis. "7471"',
    'the four-digit regency code, e.g. "7471"',
)
SLUG = _pattern(
    r"[a-z0-9]+(?:-[a-z0-9]+)*",
    'huruf kecil, angka, dan tanda hubung saja, mis. "box-7471-a"',
    'lower-case letters, digits and hyphens only, e.g. "box-7471-a"',
)
# Names become sections of Asterisk's configuration; what it, or the daemon, calls its own is taken.
PART = _pattern(
    r"(?!(?:general|global|system|udp|tcp|asterisk|mqtt|panel|console)$)[a-z][a-z0-9-]{0,30}",
    'huruf kecil, angka, tanda hubung, diawali huruf, paling panjang 31, mis. "trunk-1"; '
    "nama seperti asterisk atau panel sudah dipakai",
    'lower-case letters, digits, hyphens, a letter first, at most 31, e.g. "trunk-1"; '
    "names such as asterisk or panel are taken",
)
AGENCY = _pattern(
    r"[a-z0-9]+",
    'huruf kecil dan angka saja, seperti dalam tabel rute, mis. "damkarmat"',
    'lower-case letters and digits only, as in the routing table, e.g. "damkarmat"',
)
E164 = _pattern(
    r"\+[1-9][0-9]{6,14}",
    'nomor internasional dengan tanda +, tanpa spasi, mis. "+628123456789"',
    'the international number with +, without spaces, e.g. "+628123456789"',
)
ADDRESS = Form(
    Wording('alamat IP, mis. "192.168.112.20"', 'an IP address, e.g. "192.168.112.20"'), _is_address
)
HOST = _pattern(
    r"(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*"
    r"|[0-9A-Fa-f:]*:[0-9A-Fa-f:.]+",
    'alamat IP atau nama mesin saja, tanpa porta, mis. "192.168.112.20"',
    'an IP address or a host name, without a port, e.g. "192.168.112.20"',
)
SIP_URI = _pattern(
    rf"sip:(?:[a-z0-9-]+@)?[A-Za-z0-9.-]+(?::{_PORT})?(?:;transport=(?:udp|tcp))?",
    'alamat SIP, mis. "sip:desk-1@192.168.112.31:5060"',
    'a SIP address, e.g. "sip:desk-1@192.168.112.31:5060"',
)
LOOPBACK_URL = _pattern(
    rf"http://127\.0\.0\.1:{_PORT}/?",
    'alamat di mesin ini, mis. "http://127.0.0.1:8088": ARI tidak terenkripsi',
    'an address on this machine, e.g. "http://127.0.0.1:8088": ARI is not encrypted',
)
LOOPBACK = Form(
    Wording(
        '"127.0.0.1" atau "::1": konsol belum berakun, siapa pun bisa memakainya dari jaringan',
        '"127.0.0.1" or "::1": the console has no accounts yet, the whole network could use it',
    ),
    _is_loopback,
)
OWN_ADDRESS = Form(
    Wording(
        'satu alamat IPv4 kotak ini, mis. "192.168.112.10"; 0.0.0.0 membuka SIP ke semua jaringan',
        'one IPv4 address of this box, e.g. "192.168.112.10"; 0.0.0.0 opens SIP to every network',
    ),
    _is_own_address,
)
TIME_ZONE = Form(
    Wording('zona waktu IANA, mis. "Asia/Makassar"', 'an IANA time zone, e.g. "Asia/Makassar"'),
    _is_zone,
)
ABSOLUTE_PATH = Form(
    Wording('jalur lengkap, mis. "/var/lib/siaga"', 'a full path, e.g. "/var/lib/siaga"'),
    _is_absolute,
)
DEVICE_PATH = _pattern(
    r"/[A-Za-z0-9_./:+-]+",  # not only /dev: a modem behind a network has its pty anywhere
    'perangkat serial, mis. "/dev/siaga/modem-1-at"',
    'a serial device, e.g. "/dev/siaga/modem-1-at"',
)
CREDENTIAL = _pattern(
    r"[A-Za-z0-9_-][A-Za-z0-9._-]*|/[A-Za-z0-9._/-]+",
    'nama kredensial systemd atau jalur lengkap, mis. "ari-password"',
    'a systemd credential or a full path, e.g. "ari-password"',
)
FACTORY = _pattern(
    r"[a-z_][a-z0-9_.]*:[a-z_][a-z0-9_]*",
    'penggerak sendiri "modul:fungsi"',
    'a driver of your own, "module:function"',
)

# --- the routing table ---------------------------------------------------------------------------
KIND_CODE = _pattern(
    r"[A-Z]{3}-[A-Z]{3}",
    'tiga huruf besar, tanda hubung, tiga huruf besar, mis. "KBK-BGN"',
    'three capitals, a hyphen, three capitals, e.g. "KBK-BGN"',
)
PRIORITY = _pattern(
    r"[1-5]",
    "prioritas 1 (segera) sampai 5 (bukan darurat)",
    "a priority from 1 (at once) to 5 (no emergency)",
)
APCO = _pattern(
    r"[A-Z0-9]+",
    'kode APCO 2.103.2, huruf besar dan angka, mis. "FSTRU"',
    'the APCO 2.103.2 code, capitals and digits, e.g. "FSTRU"',
)
