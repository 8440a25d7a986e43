"""Settings of the embedded broker."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field


class Account(BaseModel):
    """One account: who it is and what it may do."""

    model_config = ConfigDict(extra="forbid")

    password_hash: str
    """argon2"""
    publish: list[str] = Field(default_factory=list)
    subscribe: list[str] = Field(default_factory=list)


class BrokerSettings(BaseModel):
    """Where the broker listens and for whom."""

    model_config = ConfigDict(extra="forbid")

    host: str = "127.0.0.1"
    port: int = Field(ge=1, le=65535)
    data_dir: Path
    accounts: dict[str, Account]
