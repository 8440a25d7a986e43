"""A full outbox stays quick: no statement of its daily life reads the whole table."""

from pathlib import Path

from edge_agent.outbox import Lane, Limits, PictureQueue
from linli_contract.payloads import AckRange
from tests.edge_agent.outbox.outbox_kit import START, after, draft, open_outbox


def test_every_statement_uses_an_index(tmp_path: Path) -> None:
    database, outbox = open_outbox(tmp_path, Limits(max_bytes=20_000, max_age_s=50))
    statements: list[str] = []
    with database.reading() as db:
        db.set_trace_callback(statements.append)
    for lane in (*Lane, *Lane):
        for _ in range(20):
            outbox.append(draft(lane, "x" * 300), START)
    taken = [row.sequence for row in outbox.take(START.mono, 10)]
    outbox.mark_sent(taken[:5], START.mono)
    outbox.mark_refused(taken[5:], START.mono)
    outbox.confirm([AckRange("epoch-1", 1, 3)])
    outbox.reset()
    outbox.tend(after(60))
    PictureQueue(database).due(START.mono)
    with database.reading() as db:
        db.set_trace_callback(None)
        scans = {
            statement: plan
            for statement in set(statements)
            if statement.startswith(("SELECT", "UPDATE", "DELETE"))
            for *_, plan in db.execute(f"EXPLAIN QUERY PLAN {statement}")
            if plan.startswith("SCAN rows") and "INDEX" not in plan
        }
    assert statements
    assert scans == {}
