"""From a wish to a whole configuration, checked as a file is."""

import re
from collections.abc import Mapping
from dataclasses import replace

import yaml

from edge_agent.presence import check_files
from edge_agent.settings import AgentSettings, Configuration, parse_settings
from edge_agent.twin.limits import LIVE, forbidden, foreign
from edge_agent.twin.merge import MergeError, merge
from linli_settings import ConfigError, Problem

NAME = "desired"
"""Stands where a file's name would, in messages."""
_LINE = re.compile(r"^[^:]*(:\d+)?: ")


def with_wish(of_file: Configuration, wish: Mapping[str, object]) -> Configuration:
    """The file's configuration with ``wish`` laid over it.

    Raises:
        ConfigError: the wish has a key that may not be wished, or the whole does not hold: the
            same words as for a file. All problems are named.
    """
    problems = forbidden(wish)
    try:
        settings = _laid_over(of_file, {key: wish[key] for key in wish if key in LIVE})
        problems += foreign(settings, of_file.settings)
    except ConfigError as error:
        problems += error.problems
    if problems:
        raise ConfigError(NAME, problems)
    wished = Configuration(of_file.file, settings)
    check_files(wished)
    return wished


def _laid_over(of_file: Configuration, wish: Mapping[str, object]) -> AgentSettings:
    own = of_file.settings.model_dump(mode="json", exclude_unset=True)
    try:
        whole = merge(own, wish)
    except MergeError as error:
        raise ConfigError.one(NAME, error.field, error.expected, error.found) from None
    return parse_settings(yaml.safe_dump(whole, allow_unicode=True), NAME)


def effective(configuration: Configuration) -> dict[str, object]:
    """What is reported: every live key with its value, secrets as references."""
    whole: dict[str, object] = configuration.settings.model_dump(
        mode="json", include=set(LIVE), exclude_none=True
    )
    return whole


def lines(error: ConfigError) -> tuple[str, ...]:
    """What is wrong, a line each in English and Chinese, for people at the hub read it as it is.
    Without the place in a file: a wish has none."""
    return tuple(f"{_text(row, 'en')} · {_text(row, 'zh')}" for row in error.problems)


def _text(problem: Problem, lang: str) -> str:
    return _LINE.sub("", replace(problem, line=None).text(NAME, lang), count=1)
