"""Settings of the detectors, one class per type."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from linli_settings import Percent


class ModelSettings(BaseModel):
    """What every type has: a YOLO model and what its outputs mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, description="what cameras call it")
    model: str = Field(
        min_length=1, description="name in the catalogue, or the path of a file of the type's kinds"
    )
    classes: dict[int, str] | None = Field(
        default=None, description="output index: label; only with a path, and needed there"
    )
    postures: dict[int, Literal["fallen"]] = Field(
        default={}, description="output index: the posture it means; only with a path"
    )
    min_confidence: Percent = Field(
        default=0.1, gt=0, description="boxes below are dropped; weak ones only continue a track"
    )
    cache: Path | None = Field(
        default=None, description="folder for compiled models; default: inside LINLI_CACHE"
    )


class OpenVinoSettings(ModelSettings):
    """A YOLO model on OpenVINO: .xml or .onnx."""

    type: Literal["openvino"]
    device: Literal["CPU", "GPU", "NPU", "AUTO"] = "CPU"
    hint: Literal["latency", "throughput"] = "latency"


class UltralyticsSettings(ModelSettings):
    """A YOLO model by ultralytics: .engine (TensorRT), .onnx or .pt. Needs the extra ``models``.

    A .pt file is a Python pickle: opening it runs what it holds. Use your own.
    """

    type: Literal["ultralytics"]
    device: Literal["CPU", "GPU"] = "CPU"


DetectorSettings = Annotated[OpenVinoSettings | UltralyticsSettings, Field(discriminator="type")]
"""The union of all types, told apart by ``type``."""
