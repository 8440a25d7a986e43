"""Settings of the detectors, one class per type."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from linli_settings import Percent


class OpenVinoSettings(BaseModel):
    """A YOLO model on OpenVINO."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    type: Literal["openvino"]
    name: str = Field(min_length=1, description="what cameras call it")
    model: str = Field(
        min_length=1, description="name in the catalogue, or the path of a .xml or .onnx file"
    )
    classes: dict[int, str] | None = Field(
        default=None, description="output index: label; only with a path, and needed there"
    )
    postures: dict[int, Literal["fallen"]] = Field(
        default={}, description="output index: the posture it means; only with a path"
    )
    device: Literal["CPU", "GPU", "NPU", "AUTO"] = "CPU"
    min_confidence: Percent = Field(default=0.25, gt=0, description="boxes below are dropped")
    hint: Literal["latency", "throughput"] = "latency"
    cache: Path | None = Field(
        default=None, description="folder for compiled models; default: inside LINLI_CACHE"
    )


DetectorSettings = OpenVinoSettings
"""The union of all types, told apart by ``type``; a second type joins with ``|``."""
