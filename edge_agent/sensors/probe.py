"""Whether a sensor can be read, for ``doctor``: reads until a value comes, and leaves."""

import time
from pathlib import Path

from edge_agent.clock import Clock
from edge_agent.sensors import SensorError, SensorSettings, open_sensor
from edge_agent.sensors.quality import Judge
from linli_contract.faults import fault

WAIT_S = 8.0
"""A node or a dust sensor sends by itself; most do within that time."""
_TURN_S = 0.2


def probe_sensor(settings: SensorSettings, base: Path, wait_s: float = WAIT_S) -> tuple[str, str]:
    """(values as text, fault); one of them is empty.

    Raises:
        ConfigError: a file it needs is not there or not usable.
    """
    sensor = open_sensor(settings, base)
    judge = Judge(settings.name, settings.quantities, settings.reference)
    clock = Clock().now
    limit = clock().mono + wait_s
    try:
        while (now := clock()).mono < limit:
            values = judge.judge(sensor.read(now.wall), now)
            if values:
                return ", ".join(f"{v.metric} {v.value:g} {v.unit}" for v in values), ""
            time.sleep(_TURN_S)
    except SensorError as error:
        return "", fault(error.code, str(error))
    finally:
        sensor.close()
    return "", fault("sensor_silent", f"{wait_s:g} s")
