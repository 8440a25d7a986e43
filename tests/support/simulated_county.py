"""Devices of a whole county in one process, each with a session and an outbox of its own.

    python simulated_county.py PORT DEVICES RESEND_S

Every device has two cameras and two sensors. At rate 1 it says how it is every 30 s, reads its
sensors every 60 s, and each camera sees 20 observations an hour (a start and an end). A row stays
in its outbox until the hub's own acknowledgement covers it. Commands come on standard input, a
line each: ``rate F``, ``phase NAME``, ``reconnect S`` (all at once lose their connection and come
back within S seconds), ``stop`` (nothing new; ends when every outbox is empty). A line of JSON a
second comes out.
"""

import asyncio
import itertools
import json
import random
import sys
import time
from collections import defaultdict
from datetime import UTC, datetime

import lite_mqtt as mqtt

COUNTY, GRID = "330899", "330899001001001"
STEP_S = 0.05
CAMERAS = ("gate", "yard")
SENSORS = (("gas-1", "gas_lel", "%LEL"), ("temp-1", "temperature", "°C"))
RATES = {"health": 1 / 30, "reading": 1 / 60, "observation": len(CAMERAS) * 20 / 3600}
"""Per device and second; an observation is two messages."""


def stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")


class Device:
    """One device: what it made and the hub has not confirmed."""

    def __init__(self, name: str, county: "Simulation") -> None:
        self.name, self._county = name, county
        self.epoch = f"e-{name}"
        self.minted = 0
        self.rows: dict[int, tuple[str, bytes]] = {}
        """By sequence: topic and payload."""
        self._sent: dict[int, float] = {}
        self._offered: dict[int, tuple[float, str]] = {}
        """When each was first sent, and in which phase: the hub's lag begins there."""
        self._seen = 0
        self._connection = ""
        self.session: mqtt.Session | None = None

    def make(self, kind: str) -> None:
        now = time.time()
        if kind == "health":
            data = {"version": "0.1.0", "uptime_s": 60.0, "state": "ok", "cpu_percent": 20.0}
            self._put("health", "linli.health", self.name, "health", data, now)
        elif kind == "reading":
            values = [
                {"sensor": name, "metric": metric, "value": random.randint(0, 9) / 2, "unit": unit}
                for name, metric, unit in SENSORS
            ]
            self._put("reading", "linli.reading", self.name, "reading", {"values": values}, now)
        else:
            self._observe(now)

    def _observe(self, now: float) -> None:
        self._seen += 1
        camera = CAMERAS[self._seen % len(CAMERAS)]
        data = {
            "observation_id": f"{self.name}-o{self._seen}", "phase": "start", "zone": "courtyard",
            "started_at": stamp(now - 5), "triggered_at": stamp(now), "dwell_s": 5.0,
            "label": "person", "confidence": 0.8,
        }  # fmt: skip
        kind = ("event/intrusion", "linli.event.intrusion", camera, "observation")
        self._put(*kind, data, now)
        self._put(*kind, {**data, "phase": "end", "ended_at": stamp(now), "cause": "left"}, now)

    def _put(
        self, tail: str, kind: str, subject: str, schema: str, data: dict[str, object], now: float
    ) -> None:
        self.minted += 1
        payload = json.dumps({
            "specversion": "1.0", "id": f"{self.name}-{self.minted}",
            "source": f"/linli/{COUNTY}/{self.name}", "type": kind, "subject": subject,
            "time": stamp(now), "sequence": f"{self.minted:016d}", "epoch": self.epoch,
            "dataschema": f"urn:linli:schema:{schema}:1", "datacontenttype": "application/json",
            "data": data,
        }).encode()  # fmt: skip
        self.rows[self.minted] = (f"linli/v1/{COUNTY}/{self.name}/{tail}", payload)
        self._send(self.minted, now)

    def _send(self, number: int, now: float) -> None:
        if self.session is None:
            return
        topic, payload = self.rows[number]
        self._sent[number] = now
        self._offered.setdefault(number, (now, self._county.phase))
        self.session.send(mqtt.publish(topic, payload, number % 65535 + 1))

    def resend(self, now: float, after_s: float) -> None:
        """Again, what was sent ``after_s`` ago and is not confirmed."""
        for number in [n for n in self.rows if now - self._sent.get(n, now) >= after_s]:
            self._send(number, now)

    # ------------------------------------------------------------------ its connection
    def hello(self) -> bytes:
        """CONNECT of a new connection."""
        self._connection = f"{time.time_ns():020d}"
        offline = json.dumps({"state": "offline", "connection": self._connection}).encode()
        return mqtt.connect(self.name, f"linli/v1/{COUNTY}/{self.name}/status", offline)

    def accepted(self, session: mqtt.Session) -> None:
        self.session = session
        session.send(mqtt.subscribe(f"linli/v1/{COUNTY}/{self.name}/ack"))
        online = json.dumps({"state": "online", "connection": self._connection}).encode()
        topic = f"linli/v1/{COUNTY}/{self.name}/status"
        session.send(mqtt.publish(topic, online, 65535, retain=True))
        for number in list(self.rows):
            self._send(number, time.time())

    def came(self, payload: bytes) -> None:
        now = time.time()
        for one in json.loads(payload)["ranges"]:
            for number in range(one["first"], one["last"] + 1):
                if self.rows.pop(number, None):
                    self._sent.pop(number, None)
                    offered, phase = self._offered.pop(number)
                    self._county.lags[phase].append(now - offered)

    def over(self, session: mqtt.Session) -> None:
        if self.session in (session, None):
            self.session = None
            self._county.connect_later(self, random.uniform(*self._county.back))


class Simulation:
    """All devices and the clock that drives them."""

    def __init__(self, port: int, count: int, resend_s: float) -> None:
        self._port, self._resend_s = port, resend_s
        self.devices = [Device(f"sim-{n:05d}", self) for n in range(count)]
        self._turn = {kind: itertools.cycle(self.devices) for kind in RATES}
        self.rate, self.phase, self.stopping = 1.0, "steady", False
        self.back = (1.0, 3.0)
        self.lags: dict[str, list[float]] = defaultdict(list)
        self._tasks: set[asyncio.Future[None]] = set()

    def connect_later(self, device: Device, delay: float) -> None:
        task = asyncio.ensure_future(self._connect(device, delay))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _connect(self, device: Device, delay: float) -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(delay)
        while True:
            try:
                await loop.create_connection(
                    lambda: mqtt.Session(device.hello(), device.accepted, device.came, device.over),
                    "127.0.0.1",
                    self._port,
                )
            except OSError:
                await asyncio.sleep(random.uniform(1, 3))
            else:
                return

    def command(self, line: str) -> None:
        word, _, value = line.strip().partition(" ")
        if word == "rate":
            self.rate = float(value)
        elif word == "phase":
            self.phase = value
        elif word == "stop":
            self.stopping = True
        elif word == "reconnect":
            self.back = (0.0, float(value))
            for device in self.devices:
                if device.session:
                    device.session.cut()

    async def run(self) -> None:
        for n, device in enumerate(self.devices):
            self.connect_later(device, n / 1000)
        due, before, told = dict.fromkeys(RATES, 0.0), time.monotonic(), 0.0
        while not (self.stopping and not self.left()):
            await asyncio.sleep(STEP_S)
            now = time.monotonic()
            if not self.stopping:
                self._make(due, now - before)
            before = now
            if now - told >= 1:
                told = now
                self._every_second()
        self._say(done=True)

    def _make(self, due: dict[str, float], elapsed: float) -> None:
        for kind, per_second in RATES.items():
            due[kind] += per_second * len(self.devices) * self.rate * elapsed
            while due[kind] >= 1:
                due[kind] -= 1
                next(self._turn[kind]).make(kind)

    def _every_second(self) -> None:
        now = time.time()
        for device in self.devices:
            if device.rows:
                device.resend(now, self._resend_s)
        self._say(done=False)

    def left(self) -> int:
        return sum(len(device.rows) for device in self.devices)

    def _say(self, *, done: bool) -> None:
        row: dict[str, object] = {
            "done": done,
            "minted": sum(device.minted for device in self.devices),
            "left": self.left(),
            "connected": sum(device.session is not None for device in self.devices),
        }
        if done:
            row["lags"] = {phase: percentiles(lags) for phase, lags in self.lags.items()}
            row["sequences"] = {device.epoch: device.minted for device in self.devices}
        print(json.dumps(row), flush=True)


def percentiles(lags: list[float]) -> dict[str, float]:
    ordered = sorted(lags)
    at = {name: ordered[int(len(ordered) * part)] for name, part in (("p50", 0.5), ("p99", 0.99))}
    return {**at, "max": ordered[-1], "count": len(ordered)}


async def main() -> None:
    """See the module."""
    simulation = Simulation(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)

    async def listen() -> None:
        while line := await reader.readline():
            simulation.command(line.decode())

    listening = asyncio.ensure_future(listen())
    await simulation.run()
    listening.cancel()


if __name__ == "__main__":
    asyncio.run(main())
