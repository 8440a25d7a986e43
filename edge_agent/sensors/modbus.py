"""Modbus TCP and RTU: a station's registers as its map describes them.

Each read connects, asks and leaves: cheap gateways serve one client at a time, and on an RS-485
bus several sensors share the port in turns, by a lock on it.
"""

import fcntl
import os
import struct
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from edge_agent.sensors.base import SensorError, Values
from edge_agent.sensors.register_map import Register, RegisterMap, load_map
from edge_agent.sensors.settings import ModbusRtu, ModbusSettings
from linli_settings import ConfigError

if TYPE_CHECKING:  # the library is imported when a sensor is read
    from pymodbus.client import ModbusSerialClient, ModbusTcpClient

    Client = ModbusTcpClient | ModbusSerialClient

RETRIES = 1
BUS_WAIT_S = 10.0
"""How long another sensor's turn on the bus may take."""
_PARITY = {"none": "N", "even": "E", "odd": "O"}


class ModbusSensor:
    """The values of one station, asked one after the other."""

    def __init__(self, settings: ModbusSettings, registers: RegisterMap) -> None:
        self._settings = settings
        self._registers = registers

    def read(self, now: datetime) -> Values:
        with self._connected() as client:
            return {row.metric: self._ask(client, row.reads) for row in self._settings.values}

    @contextmanager
    def _connected(self) -> Iterator["Client"]:
        where = self._settings.connection
        if not isinstance(where, ModbusRtu):
            from pymodbus.client import ModbusTcpClient

            timeout = self._settings.timeout
            tcp = ModbusTcpClient(where.host, port=where.port, timeout=timeout, retries=RETRIES)
            with closing(tcp):
                _connect(tcp, f"{where.host}:{where.port}")
                yield tcp
            return
        with bus(where.port):
            serial = _serial_client(where, self._settings.timeout)
            with closing(serial):
                _connect(serial, str(where.port))
                yield serial

    def _ask(self, client: "Client", name: str) -> float:
        register = self._registers.named(name)
        assert register is not None  # noqa: S101 - open_modbus has looked
        return register.number(ask(client, self._settings.station, register))

    def close(self) -> None:
        """Holds nothing between two reads."""


def _serial_client(where: ModbusRtu, timeout: float) -> "ModbusSerialClient":
    from pymodbus.client import ModbusSerialClient

    return ModbusSerialClient(
        str(where.port),
        baudrate=where.baud,
        parity=_PARITY[where.parity],
        stopbits=where.stop_bits,
        timeout=timeout,
        retries=RETRIES,
    )


def _connect(client: "Client", where: str) -> None:
    if not client.connect():
        raise SensorError(f"{where}: cannot connect", "sensor_missing")


def ask(client: "Client", station: int, register: Register) -> list[int]:
    """The words of one register.

    Raises:
        SensorError: the station does not answer, or says that it cannot.
    """
    from pymodbus import ModbusException

    read = client.read_input_registers
    if register.table == "holding":
        read = client.read_holding_registers
    try:
        answer = read(register.address, count=register.words, device_id=station)
    except ModbusException as error:
        raise SensorError(f"station {station}: {error}", "sensor_silent") from None
    if answer.isError():
        text = f"station {station} refuses register {register.name} ({register.address}): {answer}"
        raise SensorError(text, "sensor_refused")
    if len(answer.registers) != register.words:
        text = f"station {station}: {len(answer.registers)} words, expected {register.words}"
        raise SensorError(text, "sensor_garbled")
    return list(answer.registers)


@contextmanager
def bus(port: Path, wait_s: float = BUS_WAIT_S) -> Iterator[None]:
    """The serial port, alone among the sensors of this device.

    Raises:
        SensorError: there is no such port, or its turn did not come.
    """
    try:
        descriptor = os.open(port, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        code = "sensor_missing" if isinstance(error, FileNotFoundError) else "sensor_failed"
        raise SensorError(f"{port}: {error.strerror}", code) from None
    try:
        limit = time.monotonic() + wait_s
        while not _locked(descriptor):
            if time.monotonic() > limit:
                raise SensorError(f"{port}: another sensor holds the bus", "sensor_silent")
            time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def _locked(descriptor: int) -> bool:
    # A lock of the open file description (fcntl(2)): it excludes threads as well as processes, and
    # is another kind than the flock that the library takes on the port for itself.
    whole = struct.pack("hhlli", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, whole)
    except BlockingIOError:
        return False
    return True


def open_modbus(settings: ModbusSettings, base: Path) -> ModbusSensor:
    """The sensor with its map read; nothing is connected.

    Raises:
        ConfigError: the map cannot be read, or lacks a register that is named.
    """
    file = base / settings.map
    registers = load_map(file)
    for row in settings.values:
        if registers.named(row.reads) is None:
            known = ", ".join(one.name for one in registers.registers)
            raise ConfigError.one(file, "registers", f"one named {row.reads!r}", known)
    return ModbusSensor(settings, registers)
