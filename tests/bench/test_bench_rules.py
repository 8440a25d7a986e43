"""How fast rules are evaluated.

**Against promtool.** ``promtool test rules`` (Debian's package ``prometheus``; on the PATH, or
named by ``LINLI_PROMTOOL``) evaluates M alerting rules ``metric > limit for 2m`` over N series in K
steps of a minute. Its figure is N x M x K divided by the wall time of the process, which reads its
files too: it has no other interface. Ours is the same work: N sensors give K values each, and M
threshold rules of their metric look at every one, through ``evaluate`` with its state in memory as
the pipeline has it; N x M x K divided by the time of the calls. One value in ten is over every
limit, in runs of five, so that on both sides timers run and alerts fire and clear.

**Index.** 10 rules, then 1,000 of which the same 10 look at the inputs: seconds for all inputs.
"""

import os
import shutil
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from hub_server.alerting.book import Book
from hub_server.alerting.engine import Arrival, Limits, evaluate
from hub_server.alerting.inputs import MeasurementInput, Site
from hub_server.alerting.rules import Rules, compile_pack
from hub_server.alerting.spec import Pack
from linli_contract.metrics import METRICS
from tests.bench.conftest import Record
from tests.support.hub import GRID, NOW

pytestmark = pytest.mark.bench
SERIES, RULES, STEPS = 200, 20, 60
PROMTOOL = os.environ.get("LINLI_PROMTOOL") or shutil.which("promtool")


def rules(count: int, metric: str = "gas_lel") -> list[dict[str, object]]:
    return [
        {
            "name": f"{metric.replace('_', '-')}-{number}",
            "type": "gas_leak",
            "colour": "red",
            "when": {"type": "threshold", "metric": metric, "above": 10 + number, "for": "2min"},
            "scope": "source",
            "group": {"by": ["type", "source"]},
            "at_once": True,
            "reason": {"zh": "{value}", "en": "{value}"},
            "source": "a measurement",
        }
        for number in range(count)
    ]


def compiled(found: list[dict[str, object]]) -> Rules:
    pack = Pack.model_validate({"pack": "bench", "version": "2026-01-01", "rules": found})
    return Rules(tuple(compile_pack(pack, "bench")))


def value(source: int, step: int) -> float:
    """Over every limit for five steps of fifty, at a time of its own."""
    return 100.0 if (step + source) % 50 < 5 else 5.0


def arrivals(step: int, sources: int = SERIES) -> list[Arrival]:
    time_ = NOW + timedelta(minutes=step)
    return [
        Arrival(
            MeasurementInput(
                site=Site("330899", f"pi-{n:04}", "gas-1", GRID, 29.0, 119.0, "燃气", "gas"),
                time=time_,
                received_at=time_,
                event_id=f"e{step}-{n}",
                metric="gas_lel",
                value=value(n, step),
                unit="%LEL",
            ),
            time_,
        )
        for n in range(sources)
    ]


def seconds(found: Rules, steps: int = STEPS) -> tuple[float, int]:
    """Seconds in ``evaluate`` for all inputs, and how many alerts fired."""
    book, limits, spent, alerts = Book({}), Limits(), 0.0, 0
    for step in range(steps):
        batch = arrivals(step)
        start = time.perf_counter()
        draft = book.draft()
        alerts += len(evaluate(found, draft, batch, limits, NOW + timedelta(minutes=step)))
        book.adopt(draft.changes)
        spent += time.perf_counter() - start
    assert not found.broken
    return spent, alerts


def promtool_seconds(folder: Path) -> float:
    """Seconds of one ``promtool test rules`` over the same values and limits."""
    alerts = [{"alert": f"r{n}", "expr": f"gas_lel > {10 + n}", "for": "2m"} for n in range(RULES)]
    series = [
        {
            "series": f'gas_lel{{source="s{n}"}}',
            "values": " ".join(f"{value(n, step):g}" for step in range(STEPS)),
        }
        for n in range(SERIES)
    ]
    last = f"{STEPS - 1}m"
    test = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": series,
                "promql_expr_test": [
                    {
                        "expr": "count(gas_lel)",
                        "eval_time": last,
                        "exp_samples": [{"labels": "{}", "value": SERIES}],
                    }
                ],
            }
        ],
    }
    (folder / "rules.yml").write_text(yaml.safe_dump({"groups": [{"name": "g", "rules": alerts}]}))
    (folder / "test.yml").write_text(yaml.safe_dump(test))
    start = time.perf_counter()
    subprocess.run(
        [str(PROMTOOL), "test", "rules", "test.yml"], cwd=folder, check=True, capture_output=True
    )
    return time.perf_counter() - start


@pytest.mark.skipif(not PROMTOOL, reason="promtool is not here (Debian's package prometheus)")
def test_evaluations_a_second_against_promtool(tmp_path: Path, record: Record) -> None:
    work = SERIES * RULES * STEPS
    ours, fired = min(seconds(compiled(rules(RULES))) for _ in range(3))
    reference = min(promtool_seconds(tmp_path) for _ in range(3))
    assert fired > 0
    record(
        "rule evaluations against promtool",
        ours=work / ours,
        reference=work / reference,
        goal=">= 1.0",
        unit="evaluations/s",
    )


def test_a_thousand_rules_of_which_ten_match(record: Record) -> None:
    others = [name for name in METRICS if name != "gas_lel"]
    many = [rule for n, name in enumerate(others) for rule in rules(50 if n < 19 else 40, name)]
    ten = min(seconds(compiled(rules(10)))[0] for _ in range(3))
    thousand = min(seconds(compiled(many[:990] + rules(10)))[0] for _ in range(3))
    record(
        "1,000 rules, ten of them matching", ours=thousand, reference=ten, goal="<= 3.0", unit="s"
    )
