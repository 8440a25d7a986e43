"""Rules in words, as people read them before they switch."""

import pytest

from hub_server.alerting.rules import load_rules
from hub_server.rule_sets.words import words_of
from tests.support.hub import RULES

PACKS = load_rules(RULES)


@pytest.mark.parametrize(
    ("rule", "zh", "en"),
    [
        ("garbage-overflow", "fill 不低于 90 %", "fill at least 90 %"),
        ("manhole", "tilt 高于 15 °", "tilt above 15 °"),
        ("noise-4a-night", "只用于 noise_class = 4a 的点位", "only where noise_class = 4a"),
        (
            "elder-inactivity-12h",
            "12h 内合计 water_meter 低于 0.01 m³（回到 0.01 为止），中断超过 1h 重新计时",
            "in 12h, total water_meter below 0.01 m³ (until back at 0.01), anew after 1h of",
        ),
        ("gas-leak", "红色：gas_lel 不低于 25 %LEL", "red: gas_lel at least 25 %LEL"),
    ],
)
def test_a_rule_says_its_limit_and_where_it_counts(rule: str, zh: str, en: str) -> None:
    found = PACKS.named(rule)
    assert found is not None
    said = words_of(found.spec)
    assert any(zh in one.zh for one in said), said
    assert any(en in one.en for one in said), said


def test_every_rule_of_the_packs_has_words() -> None:
    for rule in PACKS.rules:
        assert all(one.zh and one.en for one in words_of(rule.spec)), rule.spec.name
