"""The demo from start to stop, as one readable list."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.markup import escape

from hub_server.demo import stage, status
from hub_server.demo.bundle import write_all
from hub_server.demo.client import Person, wait_for
from hub_server.demo.errors import DemoError
from hub_server.demo.inputs import Inputs, get_inputs
from hub_server.demo.layout import Layout, make_layout
from hub_server.demo.parts import Parts
from hub_server.demo.people import PEOPLE, links
from hub_server.demo.story import Cast, close, play
from hub_server.demo.summary import Summary

_APPEAR_LIMIT_S = 120.0
_DRAIN_LIMIT_S = 15.0


def run(
    console: Console, root: Path, camera: str | None, *, once: bool, summary_file: Path | None
) -> None:
    """Set up, start, show or play, stop.

    Raises:
        DemoError: a step failed; its name is in the message.
    """
    summary = Summary()
    parts = Parts({})
    try:
        with _stoppable():
            with summary.step("model and footage", console.print):
                inputs = get_inputs(camera)
            layout = make_layout(root)
            link_secret = write_all(layout, inputs, datetime.now(UTC))
            if once and camera is not None:
                with summary.step("recording looked through", console.print):
                    _refuse_if_impossible(layout, inputs)
            with summary.step("parts started", console.print):
                for part in stage.parts(layout):
                    parts.start(part)
            _introduce(console, layout, inputs, link_secret)
            if once:
                _play(console, layout, parts, link_secret, summary)
            else:
                _watch(console, layout, parts, link_secret)
    except KeyboardInterrupt:
        console.print("\n停止 · stopping")
    finally:
        parts.stop_all()
        if once:
            summary.show(console)  # what has happened so far, when a step failed
        if summary_file:
            summary.write(summary_file)


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM ends the demo as Ctrl-C does."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _refuse_if_impossible(layout: Layout, inputs: Inputs) -> None:
    """A recording in which nobody stays in the zone is refused before anything starts."""
    if inputs.source["type"] != "file":
        return
    done = _agent("prescan", layout)
    if done.returncode:
        reason = (done.stdout + done.stderr).strip()
        raise DemoError(f"CAMERA={inputs.title}: the story cannot happen in it: {reason}")


def _agent(command: str, layout: Layout, *options: str) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).parent / "edge-agent"
    line = [str(program), command, "--config", str(layout.agent_config), *options]
    return subprocess.run(line, capture_output=True, text=True, check=False)  # noqa: S603 - our own


def _introduce(console: Console, layout: Layout, inputs: Inputs, link_secret: str) -> None:
    console.print()
    for part in stage.parts(layout):
        console.print(f"  {part.name:<18} {part.where}   log {part.log}")
    console.print(f"  {'camera':<18} {escape(inputs.title)}, model {inputs.model}\n")
    console.print("登录链接 · sign-in links")
    names = {person.name: f"{person.zh} · {person.en}" for person in PEOPLE}
    for name, link in links(layout.hub_url, link_secret, datetime.now(UTC)).items():
        console.print(f"  {names[name]}\n    {link}")
    console.print()


def _sign_in(layout: Layout, link_secret: str) -> dict[str, Person]:
    """One client for each person, by role."""
    codes = links(layout.hub_url, link_secret, datetime.now(UTC))
    return {
        person.role.value: Person(layout.hub_url, codes[person.name].rsplit("/", 1)[1])
        for person in PEOPLE
    }


def _watch(console: Console, layout: Layout, parts: Parts, link_secret: str) -> None:
    """The live line, until Ctrl-C."""
    people = _sign_in(layout, link_secret)
    console.print("Ctrl-C 停止 · stops everything\n")
    with console.status("…") as line:
        while True:
            parts.check()
            line.update(status.line(people["technician"], people["operator"]))
            time.sleep(1)


def _play(
    console: Console, layout: Layout, parts: Parts, link_secret: str, summary: Summary
) -> None:
    """The story and the balance of events.

    The cases are closed when the agent has stopped: people go on walking through the sample, and
    one who stays would open a closed case again.
    """
    people = _sign_in(layout, link_secret)
    cast = Cast(people["operator"], people["worker"], layout.county_url, parts.check, console.print)
    cases = play(cast, summary, _APPEAR_LIMIT_S)
    with summary.step("every event accounted for", console.print) as step:
        parts.stop(stage.AGENT)
        step.detail = _balance(layout, people["operator"], parts, summary)
    close(cast, summary, cases)


def _balance(layout: Layout, operator: Person, parts: Parts, summary: Summary) -> str:
    """What the edge made must be what the hub stored, set aside or was told was dropped.

    The agent has stopped; what it had not sent waits in its outbox for its next start.
    """

    def look() -> bool | None:
        done = _agent("outbox", layout, "--json")
        if done.returncode:
            raise DemoError(f"edge-agent outbox: {done.stderr.strip()}")
        made, stats = json.loads(done.stdout), operator.get("/stats")
        kept_there = stats["stored"] + stats["quarantined"]
        # a message that was on its way when the agent stopped waits there, and may be here too
        sent = max(made["minted"] - made["waiting"] - made["dropped"], kept_there)
        kept = ("received", "stored", "duplicates", "dropped", "quarantined")
        summary.events = {"sent": sent, **{name: stats[name] for name in kept}}
        return True if kept_there == sent else None

    wait_for(look, _DRAIN_LIMIT_S, parts.check)
    return f"{summary.events['sent']} sent, {summary.events['stored']} stored"
