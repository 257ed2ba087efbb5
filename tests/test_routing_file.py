from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as trials
from hypothesis import strategies as st

from appliance.domain.routing import Kind, RoutingTable
from appliance.settings import BadSettings, Language
from appliance.settings.routing import load_routing

KENDARI = Path(__file__).parent.parent / "config/routing/kendari.tsv"

HEAD = "# berlaku: 2026-11-23\n# revisi: 1\n"
COLUMNS = "kode\tjenis\tprio\tapco\tcap\tdispatched\tassisting\tinformational\tdasar\n"
FIRE = "KBK-BGN\tKebakaran bangunan\t1\tFSTRU\tFire\tdamkarmat\tpolresta,pln\tpimpinan\tS2\n"


def read(tmp_path: Path, text: str) -> RoutingTable:
    path = tmp_path / "routing.tsv"
    path.write_text(text, encoding="utf-8")
    return load_routing(path)


def problems(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        read(tmp_path, text)
    return [
        f"{p.line}:{p.column} {p.setting} {p.says.say(Language.ENGLISH)}"
        for p in caught.value.problems
    ]


def test_a_row_is_a_kind_with_its_agencies_in_order(tmp_path: Path) -> None:
    table = read(tmp_path, HEAD + COLUMNS + FIRE)
    assert table.version == "2026-11-23/1"
    assert table.kinds == {
        "KBK-BGN": Kind(
            "KBK-BGN",
            "Kebakaran bangunan",
            1,
            "FSTRU",
            "Fire",
            dispatched=("damkarmat",),
            assisting=("polresta", "pln"),
            informational=("pimpinan",),
        )
    }


def test_kendaris_table_is_clean_and_whole() -> None:
    table = load_routing(KENDARI)
    assert len(table.kinds) == 39
    assert table.kinds["LIN-HUP"].proposal() == ()
    tsunami = [agency for agency, _ in table.kinds["BNC-GMP"].proposal()]
    assert len(tsunami) == 14


def test_columns_may_stand_in_any_order(tmp_path: Path) -> None:
    def moved(row: str) -> str:
        first, *others = row.rstrip("\n").split("\t")
        return "\t".join([*others, first]) + "\n"

    there = read(tmp_path, HEAD + moved(COLUMNS) + moved(FIRE))
    assert there == read(tmp_path, HEAD + COLUMNS + FIRE)


def test_every_problem_is_named_with_its_line_and_column(tmp_path: Path) -> None:
    rows = [
        "kbk-bgn\tKebakaran\t1\tFSTRU\tFire\tdamkarmat\t\t\tS2",
        "KBK-LHN\t\t0\tF BRUSH\tfire\tdamkarmat\t\t\tS2",
        "KBK-KND\tKendaraan\t1\tFVEH\tApi\tdamkarmat,Polresta\tdamkarmat,,pln\t\tS2",
        "KBK-KND\tKendaraan lagi\t1\tFVEH\tFire\tdamkarmat \t\t\tS2",
        "KBK-LIS Korsleting 1 FELEC Fire damkarmat",
    ]
    assert problems(tmp_path, HEAD + COLUMNS + "\n".join(rows)) == [
        '4:1 kode is "kbk-bgn"; write three capitals, a hyphen, three capitals, e.g. "KBK-BGN"',
        '5:9 jenis is ""; write one line of text',
        '5:10 prio is "0"; write a priority from 1 (at once) to 5 (no emergency)',
        '5:12 apco is "F BRUSH"; write the APCO 2.103.2 code, capitals and digits, e.g. "FSTRU"',
        '5:20 cap is "fire"; did you mean Fire?',
        '6:26 cap is "Api"; choose one of: Geo, Met, Safety, Security, Rescue, Fire, Health, Env, '
        "Transport, Infra, CBRNE, Other",
        '6:40 dispatched is "Polresta"; write lower-case letters and digits only, as in the '
        'routing table, e.g. "damkarmat"',
        '6:49 assisting "damkarmat" is in this row already, as dispatched',
        "6:59 assisting there is a comma without an agency; remove it",
        '7:1 kode "KBK-KND" is in line 6 already; one row for a code',
        '7:36 dispatched is "damkarmat " with blanks around; remove them',
        "8:1  this row has 1 columns, not 9; separate columns by one tab",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            COLUMNS + FIRE,
            [
                '1:1 berlaku is missing; write "# berlaku: 2026-12-01" (the date it takes effect) '
                "at the top of the file",
                '1:1 revisi is missing; write "# revisi: 1" (the revision) at the top of the file',
            ],
        ),
        (
            "# berlaku: 23-11-2026\n# revisi: dua\n" + COLUMNS + FIRE,
            [
                '1:12 berlaku is "23-11-2026"; write a date, e.g. 2026-12-01',
                '2:11 revisi is "dua"; write a number, e.g. 1',
            ],
        ),
        (HEAD + COLUMNS, ["4:1  this table holds no kind at all"]),
        (
            HEAD,
            [
                "1:1  the heading is missing; write the columns kode jenis prio apco cap "
                "dispatched assisting informational dasar, separated by tabs"
            ],
        ),
        (
            HEAD + COLUMNS.replace("prio", "pro") + FIRE,
            [
                "3:12 pro is not a column; did you mean prio?",
                "3:65 prio this column is missing in the heading",
            ],
        ),
        (
            HEAD + COLUMNS.replace("dasar", "cap") + FIRE,
            [
                "3:61 cap this column is there twice",
                "3:64 dasar this column is missing in the heading",
            ],
        ),
    ],
)
def test_a_bad_head_is_said_so(tmp_path: Path, text: str, said: list[str]) -> None:
    assert problems(tmp_path, text) == said


@trials(deadline=None)  # other tests run beside it
@given(st.text(alphabet=st.sampled_from(list("\t\n,#: aKB-1")) | st.characters(codec="utf-8")))
def test_no_text_makes_a_traceback(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.tsv"
    path.write_text(HEAD + COLUMNS + text, encoding="utf-8")
    with pytest.raises(BadSettings):
        load_routing(path)
