"""Settings of the pictures that leave the device; the same for all cameras."""

from typing import Annotated

from pydantic import Field

from linli_settings import Percent, Size
from linli_settings.strict import Strict


class EvidenceSettings(Strict):
    """How large a picture may be, and how sure a face must be to be blurred."""

    max_side: Annotated[int, Field(ge=320, le=3840)] = Field(
        default=1280, title="Longer side in pixels; larger frames are scaled down first"
    )
    max_size: Annotated[Size, Field(ge=20_000, le=5_000_000)] = Field(
        default=300_000, title="Bytes of one JPEG; quality, then size, step down until it fits"
    )
    quality: Annotated[int, Field(ge=40, le=95)] = Field(
        default=85, title="JPEG quality to begin with"
    )
    face_confidence: Annotated[Percent, Field(gt=0, lt=1)] = Field(
        default=0.4, title="Blur a face from this confidence on; lower blurs more"
    )
