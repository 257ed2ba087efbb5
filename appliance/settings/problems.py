"""A problem in a file of the site: where it stands, which setting it is in, what to write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from appliance.settings.wording import Language, Wording
from drivers.value import value

_COUNT = Wording("{file}: {count} masalah", "{file}: {count} problems")
_ONE = Wording("{file}: 1 masalah", "{file}: 1 problem")


@value
class Problem:
    """`line` and `column` count from 1; a `line` of 0 means the file as a whole."""

    file: Path
    line: int
    column: int
    setting: str  # modem[0].baud
    says: Wording

    @property
    def place(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else f"{self.file}"


def describe(
    file: Path, problems: Sequence[Problem], language: Language = Language.INDONESIAN
) -> str:
    """Return `problems` as people read them: a count, then one aligned row each."""
    count = (_ONE if len(problems) == 1 else _COUNT).of(file=file, count=len(problems))
    place_width = max((len(problem.place) for problem in problems), default=0)
    setting_width = max((len(problem.setting) for problem in problems), default=0)
    rows = (
        f"  {problem.place:<{place_width}}  {problem.setting:<{setting_width}}  "
        f"{problem.says.say(language)}"
        for problem in problems
    )
    return "\n".join([count.say(language), *rows])


class BadSettings(Exception):
    """The site file cannot be used. `problems` are all there are, in the order of the file."""

    def __init__(self, file: Path, problems: Sequence[Problem]) -> None:
        super().__init__(file, problems)
        self.file = file
        self.problems = tuple(problems)

    def describe(self, language: Language = Language.INDONESIAN) -> str:
        return describe(self.file, self.problems, language)

    def __str__(self) -> str:
        return self.describe()
