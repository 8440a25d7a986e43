"""Settings of signing in."""

from pydantic import BaseModel, ConfigDict, Field

from linli_settings import Duration, SecretRef


class AuthSettings(BaseModel):
    """How people sign in; there is no default secret."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    secret: SecretRef
    """Signs the session tokens (HS256); at least 32 characters."""
    session: Duration = Field(default=12 * 3600.0, gt=0)
    """How long a session token lives."""
    link: Duration = Field(default=12 * 3600.0, gt=0)
    """How long a sign-in link lives."""
