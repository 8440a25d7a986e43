"""The catalogue itself: every row is complete, every label is a word the house uses."""

from pathlib import Path

import pytest

from linli_models import catalogue, describe
from linli_models.catalogue import UrlSource
from linli_settings import ConfigError

LABELS = {
    "person",
    "bicycle",
    "car",
    "motorcycle",
    "bus",
    "truck",
    "dog",
    "backpack",
    "umbrella",
    "handbag",
    "suitcase",
    "chair",
    "dining_table",
}


def test_labels_of_coco_are_those_of_the_domain() -> None:
    assert set(catalogue().entry("yolo11n").classes.values()) == LABELS
    assert catalogue().entry("yolo11n").classes[60] == "dining_table"


def test_both_postures_are_persons_so_no_fall_can_be_armed_from_them() -> None:
    assert catalogue().entry("person-fall").classes == {0: "person", 1: "person"}
    assert catalogue().entry("person-fall").postures == {1: "fallen"}


def test_every_entry_can_be_had_without_an_address_of_its_publisher() -> None:
    for entry in catalogue().entries:
        kinds = [source.type for source in entry.sources]
        assert kinds[0] == "folder", entry.name
        assert set(kinds) & {"wheel", "deb", "export"}, entry.name
        assert all(describe(source) for source in entry.sources)


def test_addresses_are_encrypted() -> None:
    sources = [source for entry in catalogue().entries for source in entry.sources]
    for source in sources:
        if isinstance(source, UrlSource):
            assert source.url.startswith("https://")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("licence: MIT", "license: MIT", "did you mean 'licence'"),
        ("size: 5", "size: 0", "size"),
        ("sha256: " + "ab" * 32, "sha256: beef", "sha256"),
        ("type: folder", "type: floppy", "type"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, old: str, new: str, said: str) -> None:
    good = f"""
entries:
  - name: x
    task: detect
    title: {{zh: 甲, en: x}}
    licence: MIT
    hint: {{zh: 甲, en: x}}
    sources:
      - type: folder
        variable: X
        files: [{{path: x.onnx, size: 5, sha256: {"ab" * 32}}}]
"""
    file = tmp_path / "catalogue.yaml"
    file.write_text(good, encoding="utf-8")
    assert catalogue(file).entry("x").name == "x"
    bad = tmp_path / "bad.yaml"
    bad.write_text(good.replace(old, new), encoding="utf-8")
    assert bad.read_text(encoding="utf-8") != good
    with pytest.raises(ConfigError, match=said):
        catalogue(bad)


def test_the_general_detector_has_a_form_for_every_platform() -> None:
    found = {row.platform: row for row in catalogue().entry("yolo11n").variants}
    assert {name: (row.precision, row.detector) for name, row in found.items()} == {
        "x86_64": ("INT8", "openvino"),
        "aarch64": ("FP16", "openvino"),
        "jetson": ("FP16", "ultralytics"),
    }
    assert all(row.how.zh and row.how.en for row in found.values())
