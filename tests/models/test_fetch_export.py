"""An export, where the ``models`` extra is installed; a stand-in plays ultralytics here."""

import importlib.util
from pathlib import Path

import pytest

from linli_models import NotAvailableError, WrongHashError, fetch, locate
from tests.models.local_server import LocalServer
from tests.models.rows import FILE, catalogue_of

STAND_IN = """
from pathlib import Path
class YOLO:
    def __init__(self, weights): self.weights = Path(weights)
    def export(self, **options):
        assert options["format"] == "onnx"
        self.weights.with_suffix(".onnx").write_bytes(b"made of " + self.weights.read_bytes()[:9])
"""


def rows_for(server: LocalServer, path: str) -> list[dict[str, object]]:
    return [{"type": "export", "url": server.url(path), "weights": {**FILE, "path": "thing.pt"}}]


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "ultralytics.py").write_text(STAND_IN)
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    return {"PYTHONPATH": str(tmp_path / "site"), "PATH": ""}


@pytest.mark.skipif(
    importlib.util.find_spec("ultralytics") is not None, reason="the models extra is installed"
)
def test_without_the_extra_it_is_said(tmp_path: Path) -> None:
    with LocalServer() as server:
        rows = catalogue_of(*rows_for(server, "good"))
        with pytest.raises(NotAvailableError, match=r"ultralytics is not installed"):
            fetch("thing", tmp_path, env={}, rows=rows)
        assert server.asked == []


def test_an_export_is_kept_with_its_own_hash(tmp_path: Path, stand_in: dict[str, str]) -> None:
    with LocalServer() as server:
        rows = catalogue_of(*rows_for(server, "good"))
        got = fetch("thing", tmp_path / "cache", env=stand_in, rows=rows)
        assert got.path.read_bytes().startswith(b"made of ")
        assert fetch("thing", tmp_path / "cache", env=stand_in, rows=rows) == got
        assert server.asked == ["/good"]
    got.path.write_bytes(b"something else")
    with pytest.raises(WrongHashError, match="sha256: expected"):
        locate("thing", tmp_path / "cache", {}, rows)


def test_wrong_weights_are_never_opened(tmp_path: Path, stand_in: dict[str, str]) -> None:
    with LocalServer() as server:
        rows = catalogue_of(*rows_for(server, "wrong"))
        with pytest.raises(WrongHashError, match="sha256"):
            fetch("thing", tmp_path / "cache", env=stand_in, rows=rows)
    assert [file for file in (tmp_path / "cache").rglob("*") if file.is_file()] == []
