"""What the operation page shows: PromQL over the figures of the hub's ``/metrics``.

Figures "of" the ledger come alike from every process of a hub: of them the largest counts. Those
of the process are added up. See the table in docs/operation.md.
"""

from typing import NamedTuple

from linli_dashboards.strings import Words


class Line(NamedTuple):
    """A query and what its lines are called; ``{{label}}`` stands for a label's value."""

    expr: str
    name: Words


class Chart(NamedTuple):
    title: Words
    unit: str
    lines: tuple[Line, ...]


def _same(text: str) -> Words:
    return Words(text, text)


def _one(expr: str) -> tuple[Line, ...]:
    return (Line(expr, _same("n")),)


def _each(expr: str, label: str) -> tuple[Line, ...]:
    return (Line(expr, _same(f"{{{{{label}}}}}")),)


def _rate(metric: str, by: str = "", how: str = "sum") -> str:
    return f"{how}{f' by ({by}) ' if by else ''}(rate({metric}[$__rate_interval]))"


def _quantiles(metric: str) -> tuple[Line, ...]:
    return tuple(
        Line(f"histogram_quantile({q}, {_rate(metric + '_bucket', 'le')})", _same(name))
        for q, name in ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"))
    )


def _mean(metric: str, by: str) -> str:
    return f"{_rate(metric + '_sum', by)} / {_rate(metric + '_count', by)}"


_BEATS = 'sum(increase(linli_heartbeats_total{result="sent"}[1h])) or vector(0)'
WRONG: tuple[Chart, ...] = (
    Chart(
        Words("未就绪的部分", "Parts not ready"),
        "none",
        _one("count(linli_ready == 0) or vector(0)"),
    ),
    Chart(
        Words("卡住的进程", "Processes that hang"),
        "none",
        _one("count(linli_alive == 0) or vector(0)"),
    ),
)
"""Any is one too many."""
TILES: tuple[Chart, ...] = (
    *WRONG,
    Chart(
        Words("每秒消息", "Messages a second"), "short", _one(_rate("linli_ingest_messages_total"))
    ),
    Chart(
        Words("隔离区", "In quarantine"),
        "short",
        _one("sum(max by (reason) (linli_quarantine_rows)) or vector(0)"),
    ),
    Chart(Words("在线设备", "Devices online"), "short", _one('max(linli_devices{state="online"})')),
    Chart(Words("最近一小时成功的心跳", "Heartbeats sent, last hour"), "short", _one(_BEATS)),
)
CHARTS: tuple[Chart, ...] = (
    Chart(
        Words("接收速率，按种类", "Messages a second, by kind"),
        "short",
        _each(_rate("linli_ingest_messages_total", "kind"), "kind"),
    ),
    Chart(
        Words("到达至入账", "From arrival to commit"),
        "s",
        _quantiles("linli_ingest_arrival_lag_seconds"),
    ),
    Chart(
        Words("采集至入账", "From capture to commit"),
        "s",
        _quantiles("linli_ingest_capture_lag_seconds"),
    ),
    Chart(
        Words("每批消息数", "Messages of a batch"),
        "short",
        _quantiles("linli_ingest_batch_messages"),
    ),
    Chart(
        Words("每批各阶段平均用时", "Time of a batch, by stage (mean)"),
        "s",
        _each(_mean("linli_ingest_batch_seconds", "stage"), "stage"),
    ),
    Chart(
        Words("等待台账写锁", "Wait for the ledger"),
        "s",
        _quantiles("linli_ledger_write_wait_seconds"),
    ),
    Chart(
        Words("等待入账的消息", "Messages that wait"),
        "short",
        (
            Line("sum(linli_ingest_waiting)", Words("接收队列", "ingest queue")),
            Line("sum(linli_bridge_waiting)", Words("网桥", "bridge")),
            Line("max(linli_device_messages_waiting)", Words("待发设备", "to devices")),
        ),
    ),
    Chart(
        Words("隔离区，按原因", "Quarantine, by reason"),
        "short",
        _each("max by (reason) (linli_quarantine_rows)", "reason"),
    ),
    Chart(
        Words("丢弃与拒收（每小时）", "Dropped and refused, an hour"),
        "short",
        (
            Line(
                "max(increase(linli_dropped_total[1h]))",
                Words("设备声明丢弃", "dropped by devices"),
            ),
            Line(
                "max(increase(linli_quarantine_dropped_total[1h]))",
                Words("隔离区丢弃", "quarantine full"),
            ),
            Line("sum(increase(linli_ingest_refused_total[1h]))", Words("队列已满", "queue full")),
            Line(
                "max(increase(linli_points_dropped_total[1h]))",
                Words("时序点丢弃", "points dropped"),
            ),
            Line(
                "max(increase(linli_device_messages_refused_total[1h]))",
                Words("下行消息被拒", "refused by the broker"),
            ),
        ),
    ),
    Chart(
        Words("时序库落后（行）", "Series store behind, rows"),
        "short",
        _each("max by (store) (linli_series_lag_rows)", "store"),
    ),
    Chart(
        Words("时序库落后（时间）", "Series store behind, time"),
        "s",
        _each("max by (store) (linli_series_lag_seconds)", "store"),
    ),
    Chart(
        Words("待推送，按目标", "To go out, by target"),
        "short",
        _each('max by (target) (linli_outbound{state="waiting"})', "target"),
    ),
    Chart(
        Words("心跳（每小时）", "Heartbeats, an hour"),
        "short",
        _each("sum by (result) (increase(linli_heartbeats_total[1h]))", "result"),
    ),
    Chart(
        Words("Kafka 分区落后", "Kafka, behind by partition"),
        "short",
        _each("max by (partition) (linli_kafka_lag_messages)", "partition"),
    ),
    Chart(
        Words("处理器时间，按线程", "Processor time, by thread"),
        "percentunit",
        _each(_rate("linli_process_thread_seconds_total", "thread"), "thread"),
    ),
)
