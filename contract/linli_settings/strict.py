"""The base of settings: what a person misspelt is said, not ignored."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """Settings: unknown keys are refused, nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)
