"""The sections of the site file on telephony: exchange, lines, phones, desks."""

from __future__ import annotations

from appliance.settings import forms
from appliance.settings.setting import BAUD, CALLS, PORT, setting
from drivers.value import value


@value(kw_only=True)
class ExchangeSettings:
    """The telephone exchange. Its passwords are never in the file (checklist S7)."""

    driver: str = setting(
        "penggerak sentral telepon",
        "the exchange's driver",
        default="asterisk",
        choices=("asterisk",),
        form=forms.FACTORY,
    )
    address: str = setting(
        "alamat IP kotak ini yang dituju gateway dan telepon",
        "the IP address of this box that the gateway and the phones talk to",
        form=forms.OWN_ADDRESS,
    )
    sip_port: int = setting("porta UDP untuk SIP", "the UDP port of SIP", default=5060, within=PORT)
    rtp_first_port: int = setting(
        "porta UDP pertama untuk suara",
        "the first UDP port of sound",
        default=10_000,
        within=(1024, 65_535),
    )
    rtp_last_port: int = setting(
        "porta UDP terakhir untuk suara; setiap kaki panggilan memakai dua",
        "the last UDP port of sound; each leg of a call takes two",
        default=10_999,
        within=(1024, 65_535),
    )
    ari_url: str = setting(
        "alamat ARI milik Asterisk",
        "the address of Asterisk's ARI",
        default="http://127.0.0.1:8088",
        form=forms.LOOPBACK_URL,
    )
    user: str = setting("pengguna ARI", "the ARI user", default="siaga", form=forms.PART)
    password_file: str = setting(
        "kredensial systemd (atau berkas) berisi kata sandi ARI",
        "the systemd credential (or file) that holds the ARI password",
        default="ari-password",
        form=forms.CREDENTIAL,
    )
    app: str = setting(
        "nama aplikasi Stasis",
        "the name of the Stasis application",
        default="siaga",
        form=forms.PART,
    )
    root: str = setting(
        "direktori akar Asterisk; kosong: Asterisk terpasang di sistem",
        "the root directory of Asterisk; empty: it is installed in the system",
        default="",
        form=forms.ABSOLUTE_PATH,
    )


@value(kw_only=True)
class TrunkSettings:
    name: str = setting(
        "nama jalur ini, mis. trunk-1", "what people call this line", form=forms.PART
    )
    host: str = setting(
        "alamat gateway E1 ke SIP", "the address of the E1-to-SIP gateway", form=forms.ADDRESS
    )
    port: int = setting("porta SIP gateway", "the gateway's SIP port", default=5060, within=PORT)
    calls: int = setting(
        "panggilan serentak yang diterima; satu E1 membawa 30",
        "calls taken at the same time; an E1 carries 30",
        default=30,
        unit=CALLS,
        within=(1, 120),
    )


@value(kw_only=True)
class ModemSettings:
    name: str = setting(
        "nama jalur ini, mis. modem-1", "what people call this line", form=forms.PART
    )
    driver: str = setting(
        "penggerak modem",
        "the modem's driver",
        default="modem",
        choices=("modem",),
        form=forms.FACTORY,
    )
    port: str = setting(
        "perangkat serial perintah AT", "the serial device of AT commands", form=forms.DEVICE_PATH
    )
    baud: int = setting(
        "kecepatan serial", "serial speed", default=115_200, unit=BAUD, within=(9_600, 4_000_000)
    )
    pcm_port: str = setting(
        "perangkat serial suara; kosong: modem ini hanya untuk SMS",
        "the serial device of sound; empty: this modem is for SMS only",
        default="",
        form=forms.DEVICE_PATH,
    )
    number: str = setting(
        "nomor kartu SIM", "the number of the SIM card", default="", form=forms.E164
    )
    operator: str = setting("operator seluler", "the mobile operator", default="", form=forms.TEXT)


@value(kw_only=True)
class PhoneSettings:
    name: str = setting("nama telepon ini", "the name of this phone", form=forms.PART)
    contact: str = setting("alamat SIP telepon", "the phone's SIP address", form=forms.SIP_URI)

    @property
    def endpoint(self) -> str:
        """What the exchange is asked to dial."""
        return f"PJSIP/{self.name}"


@value(kw_only=True)
class DeskSettings:
    name: str = setting("nama meja ini", "the name of this desk", form=forms.PART)
    phone: str = setting(
        "nama [[phone]] di meja ini", "the name of the [[phone]] on this desk", form=forms.PART
    )
    taker: str = setting(
        "petugas yang biasa duduk di sini; kosong: siapa pun",
        "the call taker who usually sits here; empty: anybody",
        default="",
        form=forms.TEXT,
    )
