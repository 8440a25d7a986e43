"""The ledger's tables, a file for each room. Times are UTC.

``seq`` columns only grow, so cursors can follow them. No file is named
as a table is: the package's attribute of that name is the table.
"""

from hub_server.ledger.tables.alerting import alert_state, alerts, silences
from hub_server.ledger.tables.cases import incident_pictures, incidents, pictures, steps
from hub_server.ledger.tables.columns import Seq, Utc, metadata
from hub_server.ledger.tables.incoming import (
    counters,
    inbox,
    observations,
    quarantine,
    sequences,
    tombstones,
)
from hub_server.ledger.tables.outgoing import outbound
from hub_server.ledger.tables.people import audit, nonces, users
from hub_server.ledger.tables.registry import areas, devices, sources
from hub_server.ledger.tables.rules import receiving, rule_requests, rule_sets
from hub_server.ledger.tables.stores import cursors, rollup_windows, series
from hub_server.ledger.tables.twin import arming, commands, desired, device_messages
from hub_server.ledger.tables.workers import alerts_counted, alerts_out, leases, partitions

__all__ = [
    "Seq",
    "Utc",
    "alert_state",
    "alerts",
    "alerts_counted",
    "alerts_out",
    "areas",
    "arming",
    "audit",
    "commands",
    "counters",
    "cursors",
    "desired",
    "device_messages",
    "devices",
    "inbox",
    "incident_pictures",
    "incidents",
    "leases",
    "metadata",
    "nonces",
    "observations",
    "outbound",
    "partitions",
    "pictures",
    "quarantine",
    "receiving",
    "rollup_windows",
    "rule_requests",
    "rule_sets",
    "sequences",
    "series",
    "silences",
    "sources",
    "steps",
    "tombstones",
    "users",
]
