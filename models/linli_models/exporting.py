"""Weights made into another format by ultralytics, in a process of its own, with a record."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from linli_models.files import place, sha256_of
from linli_models.quiet import quiet_environment

_SCRIPT = """
import sys
from pathlib import Path
from linli_models.quiet import ultralytics
weights, format_, size, half, settings = sys.argv[1:]
model = ultralytics(Path(settings)).YOLO(weights)
how = {"imgsz": int(size), "half": half == "1", "dynamic": False, "simplify": False}
print(model.export(format=format_, **how))
"""
LONGEST_S = 3600.0
"""An engine is measured kernel by kernel: a quarter of an hour on a small board."""


class ExportError(Exception):
    """Weights that cannot be exported here; the text says why."""


def export(weights: Path, output: Path, format_: str, size: int, half: bool) -> Path:
    """Export ``weights`` to ``output``; the file, or the folder of files, that came of it.

    Args:
        format_: onnx, openvino or engine.
        size: width and height of the input in pixels.

    Raises:
        ExportError: ultralytics is not installed, or it failed.
    """
    if importlib.util.find_spec("ultralytics") is None:
        raise ExportError("ultralytics is not installed (pip install 'linli[models]')")
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".work-", dir=output) as folder:
        copy = Path(folder) / weights.name
        shutil.copyfile(weights, copy)
        made = _made(copy, [format_, str(size), "1" if half else "0"])
        target = output / made.name
        record = {
            "made_of": {"weights": weights.name, "sha256": sha256_of(copy)},
            "tools": {name: version(name) for name in ("ultralytics", "torch")},
            "format": format_,
            "size": size,
            "half": half,
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "sha256": {file.name: sha256_of(file) for file in _files(made)},
        }
        note = Path(folder) / "record.json"
        note.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        for file in _files(made):
            place(file, output / file.relative_to(folder))
        place(note, output / f"{made.name}.json")
    return target


def _files(made: Path) -> list[Path]:
    return sorted(file for file in made.rglob("*") if file.is_file()) if made.is_dir() else [made]


def _made(weights: Path, options: list[str]) -> Path:
    folder = weights.parent
    env = {**os.environ, **quiet_environment(folder / "settings")}
    command = [sys.executable, "-c", _SCRIPT, weights.name, *options, str(folder / "settings")]
    try:
        done = subprocess.run(  # noqa: S603 - a fixed command, no shell
            command,
            cwd=folder,
            env=env,
            capture_output=True,
            text=True,
            timeout=LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise ExportError(f"the export did not end within {LONGEST_S:g} s") from None
    last = (done.stdout.strip().splitlines() or [""])[-1]
    made = folder / Path(last).name if last else folder / "nothing"
    if done.returncode != 0 or not made.exists():
        said = (done.stderr.strip() or done.stdout.strip()).splitlines()[-1:]
        raise ExportError(f"the export failed: {' '.join(said)[:300]}")
    return made
