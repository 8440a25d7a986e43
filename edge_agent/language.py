"""Chinese or English for a person at this device: as asked for, else as the terminal is set."""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from linli_contract.faults import explain
from linli_settings.chinese import in_chinese


class Lang(StrEnum):
    """A language that the programs speak."""

    ZH = "zh"
    EN = "en"


def explain_detail(text: str, lang: str) -> str:
    """Cause and fix of ``code: detail``; the detail, too, in Chinese where there is a phrase."""
    code, _, detail = text.partition(": ")
    if lang == Lang.ZH and detail:
        text = f"{code}: {in_chinese(detail)}"
    return explain(text, lang)


def of_locale(env: Mapping[str, str]) -> Lang:
    """The language of ``LC_ALL``, ``LC_MESSAGES`` or ``LANG``, the first that is set (POSIX, Base
    Definitions 8.2). A locale of no country (``C``, ``C.UTF-8``) or of another one is Chinese.

    >>> of_locale({"LANG": "en_GB.UTF-8"}).value
    'en'
    """
    names = (env.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next((name for name in names if name), "")
    return Lang.EN if locale.startswith("en") else Lang.ZH


def chosen(arguments: Sequence[str], env: Mapping[str, str]) -> Lang:
    """The language of a command line: ``--lang``, else the locale's."""
    words = list(arguments)
    for place, word in enumerate(words):
        given = word.removeprefix("--lang=") if word.startswith("--lang=") else ""
        if word == "--lang" and place + 1 < len(words):
            given = words[place + 1]
        if given in set(Lang):
            return Lang(given)
    return of_locale(env)
