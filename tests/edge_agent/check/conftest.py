"""A folder with a right configuration and all that it names."""

from pathlib import Path

import pytest

from tests.edge_agent.check.broken import GOOD

SECRETS = ("mqtt.password", "device.token", "street.password")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder with all that ``GOOD`` names."""
    (tmp_path / "secrets").mkdir()
    for name in SECRETS:
        file = tmp_path / "secrets" / name
        file.write_text("s3cr3t", encoding="utf-8")
        file.chmod(0o600)
    for name in ("ca.pem", "model.onnx"):
        (tmp_path / name).touch()
    (tmp_path / "gas.csv").write_text("offset_s,value\n0,1.5\n", encoding="utf-8")
    (tmp_path / "edge.yaml").write_text(GOOD, encoding="utf-8")
    return tmp_path
