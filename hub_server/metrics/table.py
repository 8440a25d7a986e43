"""Every figure of ``/metrics``, once: its name, kind, meaning and labels. Nothing else is shown.

Names follow the conventions of Prometheus: base units, ``_total`` for what only grows. No figure
has a label for each device or source: the number of series stays the same however many there are.
"""

from hub_server.metrics.family import Family, Kind, counted, grows, now, spread, stored

STAGE_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LAG_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 300.0, 3600.0)
DELIVERY_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
MESSAGES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
SERIES_S = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
SERIES_ROWS = (1.0, 10.0, 100.0, 500.0, 1000.0, 2500.0, 5000.0)
STAGES = ("decode", "wait", "keep", "evaluate", "open", "enqueue", "commit")
"""Of a batch, in order; ``wait`` is for the ledger's write lock."""

_INGEST = (
    grows("ingest_messages", "收到的消息，按种类", "Messages that came in", "kind"),
    now("ingest_connected", "消息源已连接", "1 while messages come"),
    now("ingest_waiting", "等待入账的消息", "Messages that are not in the ledger yet"),
    grows("ingest_refused", "队列已满而拒收", "Messages refused because the queue was full"),
    spread("ingest_batch_messages", MESSAGES, "每批消息数", "Messages of a batch"),
    spread(
        "ingest_batch_seconds", STAGE_S, "每批各阶段用时", "Time of a batch in a stage", "stage"
    ),
    spread(
        "ingest_capture_lag_seconds",
        LAG_S,
        "从采集到入账提交",
        "From the capture of an event to its commit",
    ),
    spread(
        "ingest_arrival_lag_seconds",
        LAG_S,
        "从到达到入账提交",
        "From the arrival of an event to its commit",
    ),
    spread("ingest_tick_seconds", STAGE_S, "时钟节拍用时", "Time of a tick of the clock"),
    counted("received", "收到的事件", "Events that came in"),
    counted("stored", "入账的事件", "Events that were new"),
    counted("duplicates", "重复的事件", "Events that were in the ledger already"),
    counted("dropped", "设备声明丢弃的事件", "Events devices say they dropped"),
    counted("misrouted", "送错分区的消息", "Messages of another partition"),
    counted(
        "inputs_early",
        "等待过多而提前判断的输入",
        "Inputs that rules judged early: too many waited",
    ),
    counted("clocks_dropped", "来源过多而丢弃的时钟", "Clocks of sources a device had too many of"),
    counted(
        "states_forgotten",
        "设备或来源不复存在而清理的规则记忆",
        "What rules remembered of devices and sources that are gone",
    ),
    counted("replies", "命令的答复", "Answers to commands"),
    counted("pruned", "清理的行", "Rows that were pruned"),
)
_QUARANTINE = (
    stored("quarantine_rows", "隔离区的消息，按原因", "Messages in quarantine", "reason"),
    stored("quarantine_bytes", "隔离区的字节", "Bytes of the messages in quarantine"),
    counted("quarantined", "进入隔离区", "Messages put into quarantine"),
    counted("quarantine_dropped", "隔离区丢弃", "Messages quarantine had no room for"),
    counted("replayed", "从隔离区重放", "Messages taken back out of quarantine"),
)
_ALERTING = (
    now("rules_active", "生效的规则", "Rules in force"),
    now("rules_broken", "出错停用的规则", "Rules that raised and were stopped"),
    now("rules_unknown_year", "节假日表缺年份的规则", "Rules whose holidays are not known"),
    now("rules_folder_refused", "规则文件夹被拒绝", "1 while the folder's rules are refused"),
    now("rule_timers", "等待的计时器", "Timers of rules that wait"),
    now("rule_timers_due", "上个节拍到期的计时器", "Timers that were due at the last tick"),
    grows(
        "alerts_fired",
        "告警，按类型、等级、抑制原因",
        "Alerts; held is none, or why it opened nothing",
        "type",
        "colour",
        "held",
    ),
    counted("alerts", "告警", "Alerts of all processes"),
    counted("alerts_held", "被抑制的告警", "Alerts that opened nothing: inhibited, silenced"),
    counted("alerts_taken_up", "不再抑制后补立的告警", "Held alerts that opened later"),
    counted("alerts_handed_over", "交给第二级的告警", "Alerts workers handed to the second stage"),
    counted("alerts_taken_in", "第二级收到的告警", "Alerts the second stage took in"),
    counted("alerts_taken_in_again", "第二级重复收到的告警", "Alerts that came to it again"),
    stored("alerts_out", "待交给第二级的告警", "Alerts Kafka has not taken for it yet"),
    counted("rule_switches", "规则切换", "Switches of the rule set"),
    counted("rule_sets_refused", "被拒绝的规则集", "Rule sets that were refused"),
    stored("incidents", "案件，按状态", "Cases by state", "state"),
)
_OUTBOUND = (
    stored("outbound", "待发与失败的行", "Rows to go out", "target", "state"),
    stored("outbound_oldest_seconds", "最久的待发行", "Age of the oldest that waits", "target"),
    grows("outbound_attempts", "投递尝试，按结果", "Deliveries tried", "target", "result"),
    spread("outbound_delivery_seconds", DELIVERY_S, "投递用时", "Time of a try", "target"),
)
_SERIES = (
    grows("series_points", "已写入的点", "Points the store took", "store"),
    now("series_lag_rows", "未写入的行", "Rows the store has not taken yet", "store"),
    now("series_lag_seconds", "落后的时间", "Since when the writer is behind", "store"),
    grows("series_retries", "重试，按原因", "Writes to be tried again", "store", "cause"),
    grows("series_dropped", "放弃的点，按原因", "Points given up", "store", "reason"),
    grows(
        "series_put_off_seconds",
        "为收取消息让路的时间",
        "Time points waited for messages to come in first",
        "store",
    ),
    grows("series_splits", "被拆分的批", "Batches that were halved", "store"),
    grows("series_rollup_windows", "汇总的窗口", "Windows whose rollup was made", "store"),
    now("series_rollup_fault", "汇总失败", "1 when rollups cannot be made", "store"),
    spread("series_batch_rows", SERIES_ROWS, "每批行数", "Rows of a batch", "store"),
    spread("series_write_seconds", SERIES_S, "写入用时", "Until the store answered", "store"),
    counted("points_unwritable", "无法编码的点", "Points that cannot be written as a line"),
    counted("points_refused", "存储拒绝的点", "Points a store refused"),
    counted("points_too_old", "过旧的点", "Points older than the retention"),
    counted("points_dropped", "未写先删的点", "Points dropped before a store took them"),
    counted("rollups_too_late", "过迟的汇总", "Rollups whose points were gone"),
)
_DEVICES = (
    stored("devices_enrolled", "在册设备", "Devices enrolled and not revoked"),
    stored("devices", "设备，按状态", "Devices by state: online, offline, unknown", "state"),
    stored("devices_maintenance", "维护中的设备", "Devices under maintenance"),
    stored("devices_with_gaps", "有缺口的设备", "Devices of which messages are missing"),
    stored("messages_missing", "缺失的消息", "Sequences that never came"),
    stored("device_messages_waiting", "待发给设备的消息", "Messages that wait for devices"),
    counted(
        "device_messages_refused",
        "服务器未收下或无人订阅的下行消息",
        "Messages to devices that the broker refused or nobody was subscribed to",
    ),
)
_KEPT = (
    stored("pictures", "图片", "Pictures kept"),
    stored("pictures_bytes", "图片的字节", "Bytes of the pictures kept"),
    stored("ledger_bytes", "账本大小", "Size of the ledger"),
    spread("ledger_write_wait_seconds", STAGE_S, "等待写锁", "Until a write of the ledger began"),
    grows("ledger_busy", "账本忙", "Writes that could not begin"),
    now("disk_bytes", "数据盘大小", "Size of the disk of data_dir"),
    now("disk_free_bytes", "数据盘可用", "What of it is free for the hub"),
)
_KAFKA = (
    now("kafka_partitions", "持有的分区", "Partitions this worker holds"),
    now("kafka_epoch", "分区的代", "Epoch of a partition held", "partition"),
    now("kafka_lag_messages", "分区的积压", "Records not read yet", "partition"),
)
_BRIDGE = (
    grows("bridge_messages", "写入 Kafka 的消息", "Messages that Kafka took from the bridge"),
    now("bridge_waiting", "等待 Kafka 的消息", "Messages the bridge holds: Kafka has not them yet"),
    spread(
        "bridge_seconds",
        STAGE_S,
        "从到达到 Kafka 确认",
        "From the arrival of a message until Kafka had it",
    ),
    grows("bridge_produce_errors", "Kafka 未接受的写入", "Writes Kafka did not take, tried again"),
    grows("bridge_nowhere", "不知社区的消息", "Messages of devices that stand in no community"),
    now("bridge_registry_age_seconds", "设备位置表的时间", "Since when the registry was read"),
)
_SELF = (
    now("ready", "各部分就绪", "1 for each part that is ready", "part"),
    now("alive", "进程未卡住", "0 when something has hung for a minute"),
    grows("heartbeats", "心跳，按结果", "Beats of the dead man's switch", "result"),
    now("process_threads", "线程数", "Threads of the process"),
    grows("process_thread_seconds", "处理器时间，按线程", "Processor time by thread", "thread"),
)
_OURS = (
    *_INGEST,
    *_QUARANTINE,
    *_ALERTING,
    *_OUTBOUND,
    *_SERIES,
    *_DEVICES,
    *_KEPT,
    *_KAFKA,
    *_BRIDGE,
    *_SELF,
)
_PROCESS = {
    "process_resident_memory_bytes": ("常驻内存", "Resident memory"),
    "process_virtual_memory_bytes": ("虚拟内存", "Virtual memory"),
    "process_start_time_seconds": ("启动时刻", "Start, since 1970"),
    "process_open_fds": ("打开的文件", "Open file descriptors"),
    "process_max_fds": ("文件上限", "Most file descriptors"),
}
FAMILIES: tuple[Family, ...] = (
    *_OURS,
    *(Family(name, Kind.GAUGE, zh, en) for name, (zh, en) in _PROCESS.items()),
    Family("process_cpu_seconds_total", Kind.COUNTER, "处理器时间", "Processor time used"),
)
BY_NAME = {one.name: one for one in FAMILIES}
