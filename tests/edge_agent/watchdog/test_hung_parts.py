"""A decoder that hangs in its library and a detector that never answers are replaced alone."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from edge_agent.clock import Clock
from edge_agent.detector_set import HANG_S
from edge_agent.detectors import ModelError
from edge_agent.replaceable import SharedDetector
from edge_agent.types import Frame
from edge_agent.watchdog import SAID_S, TRIES
from linli_contract.payloads import Phase
from tests.edge_agent.publisher.publisher_kit import eventually
from tests.edge_agent.watchdog.hung_kit import PERSON, Bench, Model, running_bench


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    yield from running_bench(tmp_path, monkeypatch)


def test_a_hung_decoder_is_replaced_alone_and_the_stay_goes_on(bench: Bench) -> None:
    assert bench.fed()
    bench.decoders[0].hang()
    bench.clock.ahead += 25.0
    assert bench.fed()
    eventually(lambda: len(bench.decoders) == 2, "a second decoder")
    eventually(lambda: bench.decoders[1].health().frames > 2, "frames of the second")
    assert bench.fed()
    [health] = bench.cameras.health()
    assert health.restarts == {"decoder": 1}
    assert health.drops["newest_wins"] == 2  # of both
    assert bench.watchdog.faults() == ("decoder_hung: gate",)
    bench.clock.ahead += SAID_S
    assert bench.watchdog.faults() == ()
    assert health.state == "ok"
    assert len(bench.models) == 1
    assert bench.phases() == [Phase.START]


def test_a_hung_inference_is_given_up_and_a_new_one_takes_over(bench: Bench) -> None:
    old = bench.models[0]
    old.hangs = True
    eventually(lambda: old.owed, "a frame that gets no answer")
    bench.clock.ahead += HANG_S + 1
    assert bench.fed()
    eventually(lambda: len(bench.models) == 2, "a second instance")
    eventually(lambda: bench.cameras.health()[0].state == "ok", "the camera works")
    assert bench.fed()
    assert bench.cameras.health()[0].restarts == {"inference": 1}
    assert len(bench.decoders) == 1
    assert bench.phases() == [Phase.START]
    assert old.closed.wait(5)
    old.owed[0].set_result(PERSON)  # an answer that comes at last is nobody's


@pytest.mark.parametrize("part", ["decoder", "inference"])
def test_what_hangs_again_and_again_is_no_longer_fed(bench: Bench, part: str) -> None:
    bench.next_hangs = True
    bench.decoders[0].hang() if part == "decoder" else setattr(bench.models[0], "hangs", True)
    made = bench.decoders if part == "decoder" else bench.models
    for count in range(1, TRIES + 1):
        _wait_for_a_hang(bench, part)
        bench.clock.ahead += HANG_S + 1
        assert bench.fed()
        eventually(lambda n=count: len(made) == n + 1, f"instance {count + 1}")
        eventually(lambda: bench.flow_silent_s() < 5, "the flow's beat after the clock's jump")
    _wait_for_a_hang(bench, part)
    bench.clock.ahead += HANG_S + 1
    assert not bench.fed()
    hopeless, lately = (
        ("stalled: decoder gate", "decoder_hung: gate")
        if part == "decoder"
        else ("stalled: inference main", "inference_hung: main")
    )
    assert bench.watchdog.faults() == (hopeless, lately)
    assert bench.cameras.left_behind


def _wait_for_a_hang(bench: Bench, part: str) -> None:
    if part == "inference":
        eventually(lambda: bench.models[-1].owed, "a frame that gets no answer")


def test_whoever_waits_for_a_detector_that_was_given_up_is_told() -> None:
    first = Model(hangs=True)
    shared = SharedDetector(first, Clock().now)
    frame = Frame("gate", np.zeros((10, 10, 3), np.uint8), Clock().now().wall, 0)
    future = shared.submit(frame)
    shared.give_up(Model(hangs=False))
    with pytest.raises(ModelError, match="inference hung"):
        future.result(1)
    assert len(shared.submit(frame).result(1)) == 1
    assert shared.stalled_s(Clock().now().mono + 100) == 0.0
