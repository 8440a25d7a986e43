"""Real or recorded counterparts of every sensor type: sysfs trees, a serial line, servers."""

import asyncio
import os
import select
import threading
import time
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from edge_agent.sensors import SensorSettings
from tests.edge_agent.outbox.outbox_kit import START

T0 = START.wall
ADAPTER: TypeAdapter[SensorSettings] = TypeAdapter(SensorSettings)


def settings_of(**values: object) -> Any:
    """Settings as YAML would give them."""
    return ADAPTER.validate_python({"name": "s-1", "interval": "1s", **values})


TEMPERATURE = {"metric": "temperature", "unit": "°C", "range": [-40, 85]}
WATER = {"metric": "water_depth", "unit": "cm", "range": [0, 200]}
PM25 = {"metric": "pm2_5", "unit": "µg/m³", "range": [0, 999]}
PM10 = {"metric": "pm10", "unit": "µg/m³", "range": [0, 1999]}


def recorded_iio(root: Path) -> Path:
    """A BME280 and an ADC as the kernel shows them (values recorded as text)."""
    tree = {
        "iio:device0": {
            "name": "bme280\n",
            "in_temp_input": "21480\n",
            "in_humidityrelative_input": "43178\n",
            "in_pressure_input": "101.281203125\n",
        },
        "iio:device1": {
            "name": "ads1115\n",
            "in_voltage0_raw": "10666\n",
            "in_voltage1_raw": "-3\n",
            "in_voltage1_offset": "5\n",
            "in_voltage0_scale": "0.125000000\n",
            "in_voltage_scale": "3.000000000\n",
        },
    }
    for folder, files in tree.items():
        (root / folder).mkdir(parents=True)
        for name, text in files.items():
            (root / folder / name).write_text(text)
    return root


W1_OK = "72 01 4b 46 7f ff 0e 10 57 : crc=57 YES\n72 01 4b 46 7f ff 0e 10 57 t=23125\n"
W1_BAD = W1_OK.replace("crc=57 YES", "crc=3b NO")
W1_ID = "28-0316a2795bff"


def recorded_w1(root: Path, text: str = W1_OK) -> Path:
    """One DS18B20."""
    folder = root / W1_ID
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "w1_slave").write_text(text)
    return root


def pms5003(pm2_5: int, pm10: int) -> bytes:
    """A frame as the sensor sends it."""
    words = [28, 9, 9, 9, 1, pm2_5, pm10, 0, 0, 0, 0, 0, 0, 0]
    body = b"\x42\x4d" + b"".join(word.to_bytes(2, "big") for word in words[:14])
    return body + sum(body).to_bytes(2, "big")


def sds011(pm2_5: float, pm10: float) -> bytes:
    data = b"".join(round(v * 10).to_bytes(2, "little") for v in (pm2_5, pm10)) + b"\xa1\x60"
    return b"\xaa\xc0" + data + bytes([sum(data) % 256, 0xAB])


class SerialLine:
    """A pseudo-terminal: what ``say`` writes, a program that opened ``port`` reads."""

    def __init__(self) -> None:
        self._ours, self._theirs = os.openpty()
        self.port = Path(os.ttyname(self._theirs))
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def say(self, data: bytes) -> None:
        os.write(self._ours, data)

    def repeat(self, data: bytes, every: float = 0.05) -> None:
        """Say ``data`` again and again, as a sensor does."""
        self.quiet()
        self._stop = stop = threading.Event()

        def run() -> None:
            while not stop.wait(every):
                self.say(data)

        self._thread = threading.Thread(target=run, daemon=True)
        self._thread.start()

    def quiet(self) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def unplug(self) -> None:
        self.quiet()
        os.close(self._ours)
        os.close(self._theirs)


class ModbusStation:
    """A real Modbus server with one station: TCP, or RTU where ``serial`` is given.

    Args:
        inputs: input registers by address.
        holding: holding registers by address.
        serial: the port of an RTU server.
    """

    def __init__(
        self, inputs: dict[int, int], holding: dict[int, int], serial: Path | None = None
    ) -> None:
        self.port = 0
        """Of a TCP server, once it runs."""
        self._serial = serial
        bits = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
        self._device = SimDevice(1, (bits, bits, _block(holding), _block(inputs)))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        if self._serial is None:
            server: Any = ModbusTcpServer(self._device, address=("127.0.0.1", 0))
        else:
            server = ModbusSerialServer(self._device, port=str(self._serial), baudrate=9600)
        await server.serve_forever(background=True)
        if self._serial is None:
            self.port = server.transport.sockets[0].getsockname()[1]
        self._ended = asyncio.Event()
        self._ready.set()
        await self._ended.wait()
        await server.shutdown()

    def __enter__(self) -> "ModbusStation":
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(10)


@contextmanager
def serial_pair() -> Iterator[tuple[Path, Path]]:
    """Two ports wired to each other, as an RS-485 cable does."""
    ends = [os.openpty(), os.openpty()]
    for ours, theirs in ends:
        tty.setraw(theirs)
        os.set_blocking(ours, False)
    stop = threading.Event()

    def pump() -> None:
        masters = [ours for ours, _ in ends]
        while not stop.is_set():
            for one in select.select(masters, [], [], 0.05)[0]:
                os.write(masters[1 - masters.index(one)], os.read(one, 4096))

    thread = threading.Thread(target=pump, daemon=True)
    thread.start()
    try:
        yield Path(os.ttyname(ends[0][1])), Path(os.ttyname(ends[1][1]))
    finally:
        stop.set()
        thread.join()
        for pair in ends:
            for descriptor in pair:
                os.close(descriptor)


def _block(registers: dict[int, int]) -> list[SimData]:
    return [
        SimData(address, values=value, datatype=DataType.REGISTERS)
        for address, value in sorted(registers.items())
    ]


REGISTER_MAP = {
    "name": "Example weather station",
    "source": "test",
    "registers": [
        {"name": "temperature", "address": 0, "table": "input", "type": "int16", "scale": 0.1},
        {"name": "pressure", "address": 1, "table": "input", "type": "uint32"},
        {
            "name": "depth", "address": 10, "table": "holding", "type": "float32",
            "word_order": "little",
        },
        {"name": "absent", "address": 99, "table": "holding"},
    ],
}  # fmt: skip


def write_map(folder: Path) -> str:
    (folder / "map.yaml").write_text(yaml.safe_dump(REGISTER_MAP, allow_unicode=True))
    return "map.yaml"


def until(fits: Callable[[], Any], what: str, seconds: float = 10.0) -> Any:
    """Wait until ``fits`` gives something true; what it gave."""
    limit = time.monotonic() + seconds
    while not (found := fits()):
        assert time.monotonic() < limit, f"not within {seconds:g} s: {what}"
        time.sleep(0.02)
    return found


@contextmanager
def serial_line() -> Iterator[SerialLine]:
    line = SerialLine()
    try:
        yield line
    finally:
        line.quiet()
