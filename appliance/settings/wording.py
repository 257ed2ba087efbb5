"""What people read: a sentence in Indonesian and in English, together so none is forgotten."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from drivers.value import value


class Language(StrEnum):
    INDONESIAN = "id"
    ENGLISH = "en"


@value
class Wording:
    """A sentence, or a template for one: `{name}` is a gap that `of` fills."""

    id: str
    en: str

    def say(self, language: Language) -> str:
        return self.en if language is Language.ENGLISH else self.id

    def of(self, **given: object) -> Wording:
        """Fill the gaps. A gap filled with a Wording takes the sentence's language."""
        return Wording(*(_filled(self.say(lang), lang, given) for lang in Language))


def _filled(template: str, language: Language, given: Mapping[str, object]) -> str:
    return template.format_map(
        {
            name: value.say(language) if isinstance(value, Wording) else value
            for name, value in given.items()
        }
    )


def language_of(environment: Mapping[str, str]) -> Language:
    """English if the locale asks for it (LC_ALL before LC_MESSAGES before LANG, POSIX 8.2)."""
    names = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next((name for name in names if name), "")
    return Language.ENGLISH if locale.partition("_")[0] == "en" else Language.INDONESIAN
