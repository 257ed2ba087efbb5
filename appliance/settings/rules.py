"""The section of the site file on times and limits: those of the domain's rules, in seconds."""

from __future__ import annotations

from appliance.settings.setting import SECONDS, setting
from drivers.value import value


@value(kw_only=True)
class RuleSettings:
    greeting_max_s: int = setting(
        "sambutan paling lama; lalu penelepon masuk antrean",
        "the longest greeting; then the caller is queued",
        default=15,
        unit=SECONDS,
        within=(1, 60),
    )
    answer_target_s: int = setting(
        "target waktu jawab; sesudah itu lampu merah berkedip cepat",
        "the target for answering; then the red lamp flashes fast",
        default=10,
        unit=SECONDS,
        within=(1, 120),
    )
    ring_for_s: int = setting(
        "telepon meja berdering selama ini, lalu putaran berikutnya",
        "a desk's phone rings so long, then the next round begins",
        default=30,
        unit=SECONDS,
        within=(5, 120),
    )
    desk_rest_s: int = setting(
        "telepon yang tidak dijawab tidak dideringkan lagi selama ini",
        "a phone that was not answered is left alone so long",
        default=5,
        unit=SECONDS,
        within=(0, 300),
    )
    wrap_up_s: int = setting(
        "waktu mencatat sesudah panggilan, sebelum panggilan berikutnya",
        "time to write things down after a call, before the next one",
        default=60,
        unit=SECONDS,
        within=(0, 600),
    )
    lost_after_s: int = setting(
        "sentral mati selama ini: peneleponnya dinyatakan hilang dan akan ditelepon balik",
        "an exchange away so long: its callers are lost and will be called back",
        default=10,
        unit=SECONDS,
        within=(2, 120),
    )
    callback_after_s: int = setting(
        "penelepon yang menunggu selama ini lalu putus akan ditelepon balik",
        "a caller who waited so long and gave up is called back",
        default=5,
        unit=SECONDS,
        within=(0, 60),
    )
    delivered_within_s: int = setting(
        "pesan harus sampai di instansi dalam waktu ini; jika tidak, SMS",
        "an alert must be received by the agency within this; if not, SMS",
        default=15,
        unit=SECONDS,
        within=(5, 600),
    )
    acknowledged_within_s: int = setting(
        "seseorang di instansi harus menjawab dalam waktu ini; jika tidak, kontak berikutnya",
        "a person at the agency must answer within this; if not, the next contact",
        default=60,
        unit=SECONDS,
        within=(10, 3600),
    )
    supervisor_after_s: int = setting(
        "belum ada jawaban selama ini: supervisor diberi tahu",
        "no answer for so long: the supervisor is told",
        default=120,
        unit=SECONDS,
        within=(20, 7200),
    )
    siren_max_on_s: int = setting(
        "sirene dibunyikan paling lama selama ini untuk satu peristiwa",
        "the siren is sounded for so long at most for one incident",
        default=180,
        unit=SECONDS,
        within=(1, 600),
    )
