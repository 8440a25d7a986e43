"""The one door to libraries that would speak to their publishers, or install software.

Importing ``openvino`` or ``nncf`` sends a usage event unless the telemetry package is absent;
ultralytics sends one for what it does, looks names up while it is imported, and installs what it
misses. A county network has no business with any of it.
"""

import importlib
import os
import sys
from pathlib import Path
from types import ModuleType

_TELEMETRY = "openvino_telemetry"
_INTEGRATIONS = ("clearml", "comet", "dvc", "mlflow", "raytune", "tensorboard", "wandb")


def openvino() -> ModuleType:
    """The ``openvino`` module, with telemetry off.

    Raises:
        ImportError: it is not installed.
    """
    _without_telemetry()
    return importlib.import_module("openvino")


def nncf() -> ModuleType:
    """The ``nncf`` module, with telemetry off.

    Raises:
        ImportError: it is not installed.
    """
    _without_telemetry()
    return importlib.import_module("nncf")


def ultralytics(folder: Path) -> ModuleType:
    """The ``ultralytics`` module: silent, offline, and without leave to install anything.

    Args:
        folder: where it keeps its settings file, instead of the home folder.

    Raises:
        ImportError: it is not installed, or it does not obey.
    """
    _without_telemetry()  # it opens OpenVINO and NNCF by itself
    folder.mkdir(parents=True, exist_ok=True)
    os.environ.update(quiet_environment(folder))
    module = importlib.import_module("ultralytics")
    utils = importlib.import_module("ultralytics.utils")
    wanted = {"sync": False, **dict.fromkeys(_INTEGRATIONS, False)}
    known = {key: value for key, value in wanted.items() if key in utils.SETTINGS}
    if any(utils.SETTINGS[key] for key in known):
        utils.SETTINGS.update(known)
    if utils.AUTOINSTALL or utils.ONLINE or utils.SETTINGS["sync"]:
        raise ImportError("ultralytics was imported before it could be told to be quiet")
    return module


def quiet_environment(folder: Path) -> dict[str, str]:
    """Variables that ultralytics reads when it is imported, for a process of its own too."""
    return {
        "YOLO_AUTOINSTALL": "False",
        "YOLO_OFFLINE": "True",
        "YOLO_VERBOSE": "False",
        "YOLO_CONFIG_DIR": str(folder),
    }


def _without_telemetry() -> None:
    # None in sys.modules makes `import openvino_telemetry` raise ImportError: a stub takes over
    sys.modules[_TELEMETRY] = None  # type: ignore[assignment]
