"""ONNX exported by ultralytics, where the ``models`` extra is installed."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

from linli_models.catalogue import ExportSource
from linli_models.errors import NotAvailableError
from linli_models.files import check
from linli_models.quiet import quiet_environment
from linli_models.sources.job import Job, last_lines, run_tool
from linli_models.sources.url import download

_SCRIPT = (
    "import sys; from ultralytics import YOLO;"
    "YOLO(sys.argv[1]).export(format='onnx', imgsz=640, dynamic=False, simplify=False)"
)


def from_export(source: ExportSource, job: Job) -> Path:
    """Download the weights, check them, export them in a process of its own.

    Raises:
        NotAvailableError: the extra is not installed, or the export failed.
        UnreachableError, WrongHashError: of the weights.
    """
    if importlib.util.find_spec("ultralytics") is None:
        raise NotAvailableError("ultralytics is not installed (pip install 'linli[models]')")
    weights = download(source.url, source.weights, job)
    check(weights, source.weights)
    quiet = replace(job, env={**job.env, **quiet_environment(job.folder)})
    code, said = run_tool([sys.executable, "-c", _SCRIPT, weights.name], quiet, None)
    made = weights.with_suffix(".onnx")
    if code != 0 or not made.is_file():
        raise NotAvailableError(f"the export failed: {last_lines(said)}")
    return made
