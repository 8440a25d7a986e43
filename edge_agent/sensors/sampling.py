"""From settings to sensors with their timetables."""

from collections.abc import Sequence
from pathlib import Path

from edge_agent.sensors import BLOCKING, SensorSettings, open_sensor
from edge_agent.sensors.derived import derivations
from edge_agent.sensors.quality import Judge
from edge_agent.sensors.readers import Inline, Reader, Threaded
from edge_agent.sensors.rounds import Sampled

STATE_FOLDER = "sensors"


def sampled_sensors(rows: Sequence[SensorSettings], base: Path, data_dir: Path) -> list[Sampled]:
    """Every sensor of the configuration, not yet read.

    Args:
        base: folder from which relative paths of the settings count.
        data_dir: where sums that outlive a restart are kept.

    Raises:
        ConfigError: a file that one needs is not there or not usable.
    """
    return [_sampled(row, base, data_dir / STATE_FOLDER) for row in rows]


def _sampled(row: SensorSettings, base: Path, state: Path) -> Sampled:
    sensor = open_sensor(row, base)
    reader: Reader = Threaded(sensor, row.name) if row.type in BLOCKING else Inline(sensor)
    return Sampled(
        name=row.name,
        reader=reader,
        judge=Judge(row.name, row.quantities, row.reference),
        interval=row.interval,
        derivations=derivations(row.name, row.interval, row.derive, state),
    )
