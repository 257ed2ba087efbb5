import os
import re
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from appliance.settings import BadSettings, Language, Settings, language_of, load
from appliance.settings.manual import manual
from appliance.settings.panel import ButtonRole, Colour

ROOT = Path(__file__).parent.parent
HERE = Path(__file__).parent / "data"
KENDARI = ROOT / "config/sites/kendari.toml"

GOOD = """\
[site]
name = "NTPD 112 Konawe"
kode = "7402"
box = "box-7402-a"
timezone = "Asia/Makassar"

[exchange]
address = "192.168.112.10"

[[trunk]]
name = "trunk-1"
host = "192.168.112.20"

[[phone]]
name = "phone-1"
contact = "sip:phone-1@192.168.112.31"

[[desk]]
name = "desk-1"
phone = "phone-1"

[[agency]]
code = "damkarmat"
officer = "Budi"
name = "Dinas Pemadam Kebakaran"

[panel]
driver = "simulated"

[routing]
file = "routing.tsv"
"""
ROUTING = (
    "# berlaku: 2026-11-23\n# revisi: 4\n"
    "kode\tjenis\tprio\tapco\tcap\tdispatched\tassisting\tinformational\tdasar\n"
    "KBK-BGN\tKebakaran bangunan\t1\tFSTRU\tFire\tdamkarmat\t\t\tS2\n"
)


def written(tmp_path: Path, text: str, routing: str = ROUTING) -> Path:
    (tmp_path / "routing.tsv").write_text(routing, encoding="utf-8")
    path = tmp_path / "site.toml"
    path.write_text(text, encoding="utf-8")
    return path


def problems(path: Path, language: Language = Language.ENGLISH) -> list[str]:
    """Each problem of `path` as "line:column setting text"; none if it loads."""
    try:
        load(path)
    except BadSettings as bad:
        return [f"{p.line}:{p.column} {p.setting} {p.says.say(language)}" for p in bad.problems]
    return []


def with_(tmp_path: Path, old: str, new: str) -> list[str]:
    """The problems of the good file after one change."""
    assert GOOD.count(old) == 1
    return problems(written(tmp_path, GOOD.replace(old, new)))


def test_kendari_is_clean_and_read_whole() -> None:
    settings = load(KENDARI)
    assert settings.site.kode == "7471"
    assert [
        *(trunk.name for trunk in settings.trunk),
        *(modem.name for modem in settings.modem),
    ] == [
        "trunk-1",
        "modem-1",
        "modem-2",
    ]
    assert [desk.phone for desk in settings.desk] == ["phone-1", "phone-2", "phone-3"]
    assert [lamp.colour for lamp in settings.panel.lamp] == list(Colour)
    assert [button.role for button in settings.panel.button] == [ButtonRole.ACKNOWLEDGE]
    assert settings.panel.siren[0].max_on_s == 180
    assert settings.routing_table.version == "2026-11-23/1"
    assert settings.file == KENDARI


def test_every_agency_of_kendaris_routing_table_is_in_its_site_file() -> None:
    settings = load(KENDARI)
    routed = {
        agency for kind in settings.routing_table.kinds.values() for agency, _ in kind.proposal()
    }
    assert routed == {agency.code for agency in settings.agency}
    assert len(routed) == 16


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    settings = load(written(tmp_path, GOOD))
    assert settings.trunk[0].port == 5060
    assert settings.rules.acknowledged_within_s == 60
    assert settings.site.language is Language.INDONESIAN
    assert settings.modem == ()
    assert settings.phone[0].endpoint == "PJSIP/phone-1"


def test_ten_mistakes_are_all_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    with pytest.raises(BadSettings) as caught:
        load(Path("ten_mistakes.toml"))
    expected = (HERE / "ten_mistakes.id.txt").read_text(encoding="utf-8")
    assert caught.value.describe() + "\n" == expected
    assert str(caught.value) == caught.value.describe(Language.INDONESIAN)


def test_ten_mistakes_in_english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(HERE)
    with pytest.raises(BadSettings) as caught:
        load(Path("ten_mistakes.toml"))
    expected = (HERE / "ten_mistakes.en.txt").read_text(encoding="utf-8")
    assert caught.value.describe(Language.ENGLISH) + "\n" == expected


def test_an_empty_file_names_everything_that_must_be_written(tmp_path: Path) -> None:
    said = problems(written(tmp_path, ""))
    assert [row.split()[1] for row in said] == [
        "site.name",
        "site.kode",
        "site.box",
        "site.timezone",
        "exchange.address",
        "phone",
        "desk",
        "agency",
        "panel.driver",
        "routing.file",
        "trunk",
    ]
    assert "1:1 site.kode is missing: the regency code without dots; part of every MQTT" in said[1]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('"7402"', "7402", '3:8 site.kode is the number 7402; write it in quotes: "7402"'),
        ('"7402"', '"74.02"', '3:8 site.kode is "74.02"; write the four-digit regency code'),
        ('"7402"', '"٧٤٠٢"', "3:8 site.kode is "),
        ('"NTPD 112 Konawe"', '""', "2:8 site.name is empty: the name of this centre"),
        ('"NTPD 112 Konawe"', "true", "2:8 site.name is true; it must be text in quotes"),
        ('"NTPD 112 Konawe"', "{}", "2:8 site.name is a section; it must be text in quotes"),
        ('"box-7402-a"', '"Kotak A"', '4:7 site.box is "Kotak A"; write lower-case letters'),
        ("Asia/Makassar", "Asia/Kendari", "5:12 site.timezone is "),
        ("Asia/Makassar", "../etc/passwd", "5:12 site.timezone is "),
        ('"192.168.112.10"', '"0.0.0.0"', '8:11 exchange.address is "0.0.0.0"; write one IP'),
        ("[site]", '[site]\nlanguage = "eng"', '2:12 site.language is "eng"; did you mean'),
        ("[site]", '[site]\nlanguage = "nl"', '2:12 site.language is "nl"; choose one of: "id"'),
        ("[site]", '[site]\nstate = "var"', '2:9 site.state is "var"; write a full path'),
        ("[exchange]", '[exchange]\npassword = "x"', "8:1 exchange.password secrets are not"),
        (
            "[exchange]",
            '[exchange]\nari_url = "http://10.0.0.1:8088"',
            '8:11 exchange.ari_url is "http://10.0.0.1:8088"; write an address on this machine',
        ),
        ("[[trunk]]", "[[trunk]]\ncalls = 30.0", "11:9 trunk[0].calls is 30.0; write a whole"),
        ("[[trunk]]", "[[trunk]]\ncalls = true", "11:9 trunk[0].calls is true; it must be a whole"),
        ("[[trunk]]", "[[trunk]]\ncalls = 0", "11:9 trunk[0].calls is 0; it must be from 1 to 120"),
        ("[[trunk]]", "[trunk]", "10:1 trunk may be there more than once; write [[trunk]]"),
        ("[panel]", "[[panel]]", "27:1 panel is there once only; write [panel]"),
        ("[panel]", "[panell]", "27:1 panell is not a setting; did you mean panel?"),
        ("[panel]", "[panel]\nzzz = 1", "28:1 panel.zzz is not a setting; known here: driver, la"),
        ('"simulated"', '"gpoi"', '28:10 panel.driver is "gpoi"; did you mean "gpio"?'),
        ("[panel]", "[panel]\nlamp = 3", "28:8 panel.lamp is 3; it must be a list"),
        ("[panel]", "[panel]\nlamp = [3]", "28:9 panel.lamp[0] is 3; it must be a section"),
        ('phone = "phone-1"', 'phone = "x"', '20:9 desk[0].phone names a phone "x" that is not'),
        (
            "[[agency]]",
            '[[agency]]\nsms = ["0812"]',
            '23:8 agency[0].sms[0] is "0812"; write the i',
        ),
        ("[[agency]]", '[[agency]]\nsms = "+628"', '23:7 agency[0].sms is "+628"; it must be a l'),
        ("[[agency]]", "[[agency]]\nsms = [112]", "23:8 agency[0].sms[0] is the number 112; writ"),
        ('"damkarmat"', '"damkar"', '4:41 dispatched agency "damkarmat" is not in site.toml; did'),
        ('"routing.tsv"', '"rute.tsv"', "31:8 routing.file names "),
        ('"routing.tsv"', '"."', "31:8 routing.file names "),
    ],
)
def test_one_mistake_is_one_problem_where_it_stands(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    found = with_(tmp_path, old, new)
    assert any(row.startswith(said) for row in found), found
    assert len([row for row in found if " is missing" not in row]) == 1, found


TOGETHER = [
    (
        '[[modem]]\nname = "trunk-1"\nport = "/dev/ttyUSB0"\n',
        '33:8 modem[0].name is "trunk-1", as is trunk[0].name (line 11); give one of them another',
    ),
    (
        '[[modem]]\nname = "a"\nport = "/dev/a"\n[[modem]]\nname = "b"\nport = "/dev/a"\n',
        '37:8 modem[1].port "/dev/a" is taken by modem[0].port (line 34); one device, one user',
    ),
    (
        '[[modem]]\nname = "a"\npcm_port = "/dev/a"\nport = "/dev/a"\n',
        '35:8 modem[0].port "/dev/a" is taken by modem[0].pcm_port (line 34); one device, one user',
    ),
    (
        '[[trunk]]\nname = "trunk-2"\nhost = "192.168.112.20"\n',
        '34:8 trunk[1].host is "192.168.112.20:5060", as is trunk[0].host (line 12); give one of '
        "them another",
    ),
    (
        '[[desk]]\nname = "desk-2"\nphone = "phone-1"\n',
        '34:9 desk[1].phone is "phone-1", as is desk[0].phone (line 20); give one of them another',
    ),
    (
        '[[panel.lamp]]\ncolour = "red"\npin = 4\n'
        '[[panel.siren]]\nmax_on_s = 9\nname = "s"\npin = 4',
        "38:7 panel.siren[0].pin GPIO 4 is taken by panel.lamp[0].pin (line 34); one pin, one role",
    ),
    (
        '[[panel.lamp]]\ncolour = "red"\npin = 4\n[[panel.lamp]]\ncolour = "red"\npin = 5\n',
        '36:10 panel.lamp[1].colour is "red", as is panel.lamp[0].colour (line 33); give one of '
        "them another",
    ),
    (
        '[[panel.siren]]\nname = "siren"\npin = 25\n',
        "32:1 panel.siren[0].max_on_s is missing: the longest it may sound; then it goes off by "
        "itself, whatever was asked",
    ),
    (
        "[rules]\ndelivered_within_s = 60\n",
        "32:1 rules.acknowledged_within_s is 60; it must be more than rules.delivered_within_s "
        "(60)",
    ),
    (
        '[console]\nhost = "0.0.0.0"\n',
        '33:8 console.host is "0.0.0.0"; write "127.0.0.1" or "::1": the console has no accounts '
        "yet, the whole network could use it",
    ),
]


@pytest.mark.parametrize(("more", "said"), TOGETHER)
def test_what_is_wrong_together_is_one_problem(tmp_path: Path, more: str, said: str) -> None:
    assert problems(written(tmp_path, GOOD + more)) == [said]


def test_a_box_without_lines_is_refused(tmp_path: Path) -> None:
    text = re.sub(r"\[\[trunk\]\][^\[]*", "", GOOD)
    [said] = problems(written(tmp_path, text))
    assert said.endswith("there is no line; write at least one [[trunk]] or [[modem]]")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[site]\nname = "a\n', "2:10  is not TOML: the closing quote is missing; the rest cannot"),
        ("[site]\nname = Kendari\n", "2:8  is not TOML: unknown kind of value; text is written"),
        ("[site]\nname\n", "2:5  is not TOML: the name of a setting must be followed by =; the"),
        ('[site]\nname = "a" b\n', "2:12  is not TOML: a line holds one setting only; the rest"),
        ('[site]\nname="a"\nname="b"\n', "3:9  is not TOML: this setting has been written above"),
        ("[site]\n[site]\n", "2:6  is not TOML: this section has been written above; the rest"),
        ("[site\n", "1:6  is not TOML: the closing ] is missing; the rest"),
        (
            "a = [1,\n",
            "1:8  is not TOML: the file ends within a value; a closing ] or } is missing",
        ),
        ("a = " + "[" * 5000, "1:5005  is not TOML: "),
        ("a = " + "9" * 5000, "1:5005  is not TOML: "),
    ],
)
def test_bad_syntax_names_line_and_column(tmp_path: Path, text: str, said: str) -> None:
    [row] = problems(written(tmp_path, text))
    assert row.startswith(said)
    assert row.endswith("the rest cannot be checked until this is mended")


def test_a_file_that_is_not_there_or_is_no_file(tmp_path: Path) -> None:
    assert problems(tmp_path / "none.toml") == ["0:0  there is no such file"]
    assert problems(tmp_path) == ["0:0  is a directory or device, not a file"]
    assert problems(Path("/dev/zero")) == ["0:0  is a directory or device, not a file"]
    os.mkfifo(tmp_path / "pipe")
    assert problems(tmp_path / "pipe") == ["0:0  is a directory or device, not a file"]
    assert problems(tmp_path / ("x" * 300))[0].startswith("0:0  cannot be read: ")
    (tmp_path / "loop").symlink_to("loop")
    assert problems(tmp_path / "loop")[0].startswith("0:0  ")
    (tmp_path / "big.toml").write_bytes(b"#" * 1_048_577)
    assert problems(tmp_path / "big.toml") == ["0:0  is over 1024 kB: no site file"]


def test_bytes_that_are_not_utf8_are_named_where_they_are(tmp_path: Path) -> None:
    path = tmp_path / "site.toml"
    path.write_bytes(b'[site]\nname = "Kant\xf3r"\n')
    assert problems(path) == ["2:13  is not UTF-8: byte 0xf3; save the file as UTF-8"]


def test_a_file_saved_by_a_windows_editor_is_the_same_file(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD)
    before = load(path)
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())
    assert load(path) == before


def test_a_value_full_of_control_characters_and_braces_is_shown_harmlessly(tmp_path: Path) -> None:
    [said] = with_(tmp_path, '"box-7402-a"', '"\\u001b[2J{value}{0}\\n' + "x" * 99 + '"')
    assert said.startswith('4:7 site.box is "\N{REPLACEMENT CHARACTER}[2J{value}{0}')
    assert said.isprintable()
    assert len(said) < 200


def test_a_number_too_long_to_write_in_tens_is_a_problem_like_any(tmp_path: Path) -> None:
    [said] = with_(tmp_path, "[[trunk]]", "[[trunk]]\ncalls = 0x" + "f" * 9000)
    assert said.startswith("11:9 trunk[0].calls is 0xffff")


@trials(deadline=None)  # other tests run beside it
@given(st.text(alphabet=st.sampled_from(list("[]{}=\"'.,#\n \\-_ab1\x00é")) | st.characters()))
def test_no_text_makes_a_traceback(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    assert problems(path)


@trials(deadline=None)  # other tests run beside it
@given(st.data())
def test_no_damage_to_a_good_file_makes_a_traceback(data: st.DataObject) -> None:
    text = KENDARI.read_text(encoding="utf-8")
    at = data.draw(st.integers(0, len(text)))
    cut = data.draw(st.integers(0, 40))
    piece = data.draw(st.text(alphabet="[]{}=\"'.,#\n a1", max_size=5))
    damaged = KENDARI.parent / "kendari.toml"
    assert isinstance(_read(text[:at] + piece + text[at + cut :], damaged), Settings | BadSettings)


def _read(text: str, beside: Path) -> Settings | BadSettings:
    """What `text` is read as, its routing table looked for beside `beside`."""
    import tempfile

    with tempfile.NamedTemporaryFile("w", suffix=".toml", encoding="utf-8") as file:
        file.write(text.replace('"../routing', f'"{beside.parent.parent}/routing'))
        file.flush()
        try:
            return load(Path(file.name))
        except BadSettings as bad:
            assert bad.problems
            assert bad.describe(Language.ENGLISH) != bad.describe(Language.INDONESIAN)
            return bad


def test_the_language_is_that_of_the_locale() -> None:
    assert language_of({}) is Language.INDONESIAN
    assert language_of({"LANG": "C.UTF-8"}) is Language.INDONESIAN
    assert language_of({"LANG": "en_GB.UTF-8"}) is Language.ENGLISH
    assert language_of({"LANG": "en"}) is Language.ENGLISH
    assert language_of({"LC_ALL": "id_ID.UTF-8", "LANG": "en_GB"}) is Language.INDONESIAN
    assert language_of({"LC_ALL": "", "LC_MESSAGES": "en_US"}) is Language.ENGLISH


def test_the_manual_is_up_to_date() -> None:
    written = (ROOT / "docs/settings.md").read_text(encoding="utf-8")
    assert written == manual(), "python -m appliance.settings.manual docs/settings.md"


def test_a_problem_reads_like_this(tmp_path: Path) -> None:
    path = written(tmp_path, GOOD.replace('"simulated"', '"gpoi"'))
    with pytest.raises(BadSettings) as caught:
        load(path)
    assert caught.value.describe(Language.ENGLISH).replace(f"{tmp_path}/", "") == dedent("""\
        site.toml: 1 problem
          site.toml:28:10  panel.driver  is "gpoi"; did you mean "gpio"?""")
