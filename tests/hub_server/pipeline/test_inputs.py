"""Which of a message's values become inputs of rules."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hub_server.alerting import engine
from hub_server.alerting.rules import Rules, compile_pack
from hub_server.alerting.spec import Pack
from hub_server.pipeline import journey
from tests.support.hub import NOW, Device, HubClock, decoded, make_ledger, make_parts, make_pipeline

RULE: dict[str, Any] = {
    "name": "gas",
    "type": "gas_leak",
    "colour": "orange",
    "when": {"type": "threshold", "metric": "gas_lel", "above": 10},
    "scope": "source",
    "group": {"by": ["type", "source"]},
    "reason": {"zh": "{name}", "en": "{name}"},
    "source": "a test",
}
SILENT = {
    **RULE,
    "name": "silent",
    "type": "device_offline",
    "when": {"type": "no_data", "of": "measurement", "after": "60s"},
}


def rules(*specs: dict[str, Any]) -> Rules:
    pack = {"pack": "test", "version": "2026-01-01", "rules": list(specs)}
    return Rules(tuple(compile_pack(Pack.model_validate(pack), "set1")))


@pytest.mark.parametrize(
    ("specs", "seen"),
    [
        ((RULE,), {"gas_lel"}),
        ((RULE, SILENT), {"gas_lel", "humidity", "laeq"}),
    ],
)
def test_only_values_that_a_rule_looks_at(
    specs: tuple[dict[str, Any], ...],
    seen: set[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found: list[Any] = []

    def evaluate(rules: Rules, draft: Any, arrivals: Any, *rest: Any) -> Any:
        found.extend(arrivals)
        return engine.evaluate(rules, draft, arrivals, *rest)

    monkeypatch.setattr(journey, "evaluate", evaluate)
    ledger = make_ledger(tmp_path, synced=False)
    parts = replace(make_parts(), rules=rules(*specs))
    reading = Device().reading(NOW, {"gas_lel": 1.0, "humidity": 50.0, "laeq": 40.0})
    make_pipeline(ledger, HubClock(), parts).run(decoded(reading))
    assert {one.item.metric for one in found} == seen
    ledger.close()
