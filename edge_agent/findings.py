"""What ``edge-agent doctor`` finds, and the one check that must run before all imports."""

import importlib
from dataclasses import dataclass

from linli_contract.faults import fault

NAMES: dict[str, tuple[str, str]] = {
    "opencv": ("OpenCV", "OpenCV"),
    "model": ("模型", "model"),
    "camera": ("摄像头", "camera"),
    "sensor": ("传感器", "sensor"),
    "mqtt": ("MQTT 连接", "MQTT connection"),
    "holidays": ("节假日", "holidays"),
    "clock": ("时钟", "clock"),
    "disk": ("磁盘", "disk"),
    "temperature": ("温度", "temperature"),
    "throttling": ("降频", "throttling"),
    "drops": ("丢帧", "frames dropped by"),
    "agent": ("运行中的 edge-agent", "the running edge-agent"),
}


@dataclass(frozen=True)
class Finding:
    """One check: fine when ``fault`` is empty."""

    check: str
    """A key of ``NAMES``."""
    subject: str = ""
    """Which one, where there are several."""
    detail: str = ""
    """What was found, when fine."""
    fault: str = ""
    """``code: detail`` of ``linli_contract.faults``."""
    drops: tuple[str, int] | None = None
    """A cause of ``linli_contract.drops``, and how often."""


def opencv() -> Finding:
    """Whether OpenCV can be imported, and which one it is."""
    try:
        module = importlib.import_module("cv2")
    except ImportError as error:
        # a library of the system, such as libGL.so.1, which only a desktop has
        shared = "cannot open shared object" in str(error)
        code = "opencv_library" if shared else "opencv_missing"
        return Finding("opencv", fault=fault(code, str(error)))
    return Finding("opencv", detail=str(module.__version__))
