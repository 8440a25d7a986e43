"""What a running agent says of itself, for the terminal. Reads its ``/health`` on loopback."""

import httpx
import msgspec
from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from linli_contract.drops import explain_drop
from linli_contract.faults import explain
from linli_contract.payloads import CameraHealth, Health, LaneHealth

_TIMEOUT_S = 2.0
_decoder = msgspec.json.Decoder(Health)
_WORDS = {
    "zh": {
        "title": "邻里边缘代理",
        "ok": "正常",
        "fault": "异常",
        "starting": "启动中",
        "camera": "摄像头",
        "state": "状态",
        "fps": "收/解码/推理 帧每秒",
        "age": "画面延迟",
        "latency": "处理用时 p50/p99",
        "drops": "丢帧",
        "restarts": "重启",
        "lane": "待发队列",
        "waiting": "待发",
        "sent": "已发待确认",
        "dropped": "已丢弃",
        "oldest": "最旧",
        "uptime": "运行",
        "cpu": "处理器",
        "temperature": "温度",
        "memory": "内存",
        "disk": "磁盘剩余",
        "clock": "时钟",
        "set": "已校准",
        "not_set": "未校准",
        "life_safety": "生命安全",
        "events": "事件",
        "telemetry": "遥测",
        "pictures": "图片",
        "silent": "edge-agent 没有运行，或没有在 {address} 应答：{why}",
        "no_port": "配置中没有 metrics.port：写入例如 metrics: {port: 9464} 并重启 edge-agent",
    },
    "en": {
        "title": "Linli edge agent",
        "ok": "ok",
        "fault": "at fault",
        "starting": "starting",
        "camera": "camera",
        "state": "state",
        "fps": "fps in/decoded/inferred",
        "age": "frame age",
        "latency": "latency p50/p99",
        "drops": "drops",
        "restarts": "restarts",
        "lane": "outbox",
        "waiting": "waiting",
        "sent": "sent, unconfirmed",
        "dropped": "dropped",
        "oldest": "oldest",
        "uptime": "up",
        "cpu": "CPU",
        "temperature": "temperature",
        "memory": "memory",
        "disk": "disk free",
        "clock": "clock",
        "set": "set",
        "not_set": "not set",
        "life_safety": "life-safety",
        "events": "events",
        "telemetry": "telemetry",
        "pictures": "pictures",
        "silent": "edge-agent does not run, or does not answer at {address}: {why}",
        "no_port": "metrics.port is not set: write for example metrics: {port: 9464} and start"
        " edge-agent again",
    },
}


class SilentError(Exception):
    """The agent does not answer; the text says why."""


def ask(port: int) -> Health:
    """The running agent's newest health.

    Args:
        port: ``metrics.port`` of its configuration.

    Raises:
        SilentError: nothing answers there, or something else does.
    """
    try:
        # trust_env: a proxy knows nothing of this machine's own address
        answer = httpx.get(_url(port), timeout=_TIMEOUT_S, trust_env=False).raise_for_status()
        return _decoder.decode(answer.content)
    except httpx.HTTPError as error:
        raise SilentError(str(error) or type(error).__name__) from None
    except msgspec.MsgspecError as error:
        raise SilentError(str(error)) from None


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}/health"


def no_port(lang: str) -> str:
    """What to say where the configuration names no port."""
    return _WORDS[lang]["no_port"]


def silent(port: int, why: str, lang: str) -> str:
    """What to say where nothing answers."""
    return _WORDS[lang]["silent"].format(address=f"127.0.0.1:{port}", why=why)


def picture_of(health: Health, lang: str) -> RenderableType:
    """``health`` as panels and tables in ``zh`` or ``en``."""
    word = _WORDS[lang]
    red = health.state != "ok"
    parts: list[RenderableType] = [_machine(health, word)]
    if health.cameras:
        parts.append(_cameras(health.cameras, word))
    parts.append(_lanes(health.lanes, word))
    parts += [Text(f"✗ {explain(text, lang)}", "red") for text in health.faults]
    parts += [
        Text(f"✗ {row.name}: {explain(row.fault, lang)}", "red")
        for row in health.cameras
        if row.fault
    ]
    parts += [
        Text(f"{row.name}: {said}", "dim") for row in health.cameras for said in _drops(row, lang)
    ]
    mark = Text(f"● {word['fault' if red else 'ok']}", "bold red" if red else "bold green")
    title = Text.assemble(f"{word['title']} {health.version}  ", mark)
    return Panel(Group(*parts), title=title, border_style="red" if red else "green")


def _machine(health: Health, word: dict[str, str]) -> Text:
    rows = [
        ("uptime", duration(health.uptime_s)),
        ("cpu", _figure(health.cpu_percent, "%")),
        ("temperature", _figure(health.temperature_c, " °C")),
        ("memory", _figure(health.memory_mb, " MB")),
        ("disk", _figure(health.disk_free_mb, " MB")),
        ("clock", word["set" if health.clock_set else "not_set"]),
    ]
    return Text("   ".join(f"{word[name]} {value}" for name, value in rows))


def _figure(value: float | None, unit: str) -> str:
    return "–" if value is None else f"{value:.0f}{unit}"


def duration(seconds: float) -> str:
    """``'2 d 03:04:05'``."""
    days, rest = divmod(round(seconds), 86_400)
    clock = f"{rest // 3600:02d}:{rest % 3600 // 60:02d}:{rest % 60:02d}"
    return f"{days} d {clock}" if days else clock


def _cameras(cameras: tuple[CameraHealth, ...], word: dict[str, str]) -> Table:
    table = Table(expand=True, border_style="dim")
    for name in ("camera", "state", "fps", "age", "latency", "drops", "restarts"):
        table.add_column(word[name])
    for row in cameras:
        style = {"ok": "green", "fault": "red"}.get(row.state, "yellow")
        table.add_row(
            row.name,
            Text(word.get(row.state, row.state), style),
            f"{row.fps_in:.1f} / {row.fps_decoded:.1f} / {row.fps_inferred:.1f}",
            "–" if row.frame_age_s is None else f"{row.frame_age_s:.1f} s",
            _latency(row),
            " ".join(f"{cause} {count}" for cause, count in sorted(row.drops.items()) if count),
            " ".join(f"{part} {count}" for part, count in sorted(row.restarts.items())),
        )
    return table


def _drops(row: CameraHealth, lang: str) -> list[str]:
    """Why frames were dropped, in words."""
    return [explain_drop(cause, count, lang) for cause, count in sorted(row.drops.items()) if count]


def _lanes(lanes: tuple[LaneHealth, ...], word: dict[str, str]) -> Table:
    table = Table(expand=True, border_style="dim")
    for name in ("lane", "waiting", "sent", "dropped", "oldest"):
        table.add_column(word[name])
    for row in lanes:
        name = word.get(row.lane.replace("-", "_"), row.lane)
        lost = Text(f"{row.dropped}", "red" if row.dropped else "")
        oldest = duration(row.oldest_s) if row.oldest_s else ""
        table.add_row(name, f"{row.waiting}", f"{row.sent}", lost, oldest)
    return table


def _latency(row: CameraHealth) -> str:
    """Upper bounds of the buckets that hold the median and the 99th percentile."""
    if row.latency is None or not sum(row.latency.counts):
        return "–"
    bounds = [f"≤ {bound * 1000:.0f}" for bound in row.latency.le]
    bounds.append(f"> {row.latency.le[-1] * 1000:.0f}" if row.latency.le else "–")
    found = [bounds[_bucket(row.latency.counts, share)] for share in (0.5, 0.99)]
    return f"{' / '.join(found)} ms"


def _bucket(counts: tuple[int, ...], share: float) -> int:
    wanted, seen = share * sum(counts), 0
    for index, count in enumerate(counts):
        seen += count
        if seen >= wanted:
            return index
    return len(counts) - 1
