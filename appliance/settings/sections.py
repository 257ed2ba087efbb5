"""The sections of the site file, and with telephony, panel and rules every setting in them.

Meaning, unit, range and default stand here once; docs/settings.md is made from them.
"""

from __future__ import annotations

from dataclasses import field
from pathlib import Path

from appliance.domain.routing import RoutingTable
from appliance.settings import forms
from appliance.settings.panel import PanelSettings
from appliance.settings.rules import RuleSettings
from appliance.settings.setting import PORT, section, sections, setting
from appliance.settings.telephony import (
    DeskSettings,
    ExchangeSettings,
    ModemSettings,
    PhoneSettings,
    TrunkSettings,
)
from appliance.settings.wording import Language
from drivers.value import value


@value(kw_only=True)
class SiteSettings:
    name: str = setting(
        "nama pusat ini di konsol dan di setiap pesan",
        "the name of this centre on the console and in every message",
        form=forms.TEXT,
    )
    kode: str = setting(
        "kode kabupaten/kota tanpa titik; bagian dari setiap topik MQTT",
        "the regency code without dots; part of every MQTT topic",
        form=forms.REGENCY,
    )
    box: str = setting(
        "nama kotak ini, unik di seluruh provinsi",
        "the name of this box, unique in the province",
        form=forms.SLUG,
    )
    timezone: str = setting(
        "zona waktu untuk jam yang dilihat orang",
        "the time zone of the clock that people see",
        form=forms.TIME_ZONE,
    )
    language: Language = setting(
        "bahasa utama layar dan pesan",
        "the first language of screens and messages",
        default=Language.INDONESIAN,
    )
    state: str = setting(
        "direktori jurnal dan keadaan",
        "the directory of the journal and other state",
        default="/var/lib/siaga",
        form=forms.ABSOLUTE_PATH,
    )
    recordings: str = setting(
        "direktori rekaman; di sebelahnya ada unattended/, keduanya ditulis Asterisk",
        "the directory of the recordings; unattended/ is beside it, Asterisk writes both",
        default="/var/spool/siaga/recordings",
        form=forms.ABSOLUTE_PATH,
    )


@value(kw_only=True)
class AgencySettings:
    code: str = setting(
        "kode instansi di tabel rute", "the agency's code in the routing table", form=forms.AGENCY
    )
    name: str = setting("nama instansi", "the agency's name", form=forms.TEXT)
    sms: tuple[str, ...] = setting(
        "nomor SMS petugas piket, yang pertama didahulukan; kosong: tanpa SMS",
        "SMS numbers of the officers on duty, the first one first; empty: no SMS",
        default=(),
        form=forms.E164,
    )
    officer: str = setting("petugas piket", "the officer on duty", default="", form=forms.TEXT)


@value(kw_only=True)
class BrokerSettings:
    host: str = setting(
        "alamat perantara MQTT",
        "the address of the MQTT broker",
        default="127.0.0.1",
        form=forms.HOST,
    )
    port: int = setting("porta MQTT", "the MQTT port", default=1883, within=PORT)
    hub: bool = setting(
        "beri tahu provinsi tentang setiap panggilan (tanpa nomornya)",
        "tell the province of every call (without its number)",
        default=False,
    )


@value(kw_only=True)
class ConsoleSettings:
    host: str = setting(
        "alamat konsol", "the console's address", default="127.0.0.1", form=forms.LOOPBACK
    )
    port: int = setting(
        "porta konsol; 0: porta bebas mana pun",
        "the console's port; 0: any free port",
        default=8112,
        within=(0, 65_535),
    )


@value(kw_only=True)
class RoutingSettings:
    file: str = setting(
        "berkas tabel rute, dihitung dari direktori berkas ini",
        "the file of the routing table, from the directory of this file",
        form=forms.TEXT,
    )


@value(kw_only=True)
class Settings:
    site: SiteSettings = section("pusat 112 ini", "this 112 centre")
    exchange: ExchangeSettings = section("sentral telepon", "the telephone exchange")
    trunk: tuple[TrunkSettings, ...] = sections("satu per gateway E1", "one for each E1 gateway")
    modem: tuple[ModemSettings, ...] = sections(
        "satu per modem GSM/LTE", "one for each GSM/LTE modem"
    )
    phone: tuple[PhoneSettings, ...] = sections("satu per telepon", "one for each phone", least=1)
    desk: tuple[DeskSettings, ...] = sections(
        "satu per meja petugas", "one for each call taker's desk", least=1
    )
    agency: tuple[AgencySettings, ...] = sections(
        "satu per instansi", "one for each agency", least=1
    )
    broker: BrokerSettings = section("perantara MQTT", "the MQTT broker")
    panel: PanelSettings = section("panel lampu dan sirene", "the panel of lamps and sirens")
    console: ConsoleSettings = section("konsol petugas", "the call takers' console")
    rules: RuleSettings = section("waktu dan batas", "times and limits")
    routing: RoutingSettings = section("tabel rute", "the routing table")

    file: Path = field(default=Path())  # where these settings were read
    routing_table: RoutingTable = field(default_factory=lambda: RoutingTable("", {}))
