"""A camera's settings, as a technician gets them wrong."""

import pytest

from edge_agent.cameras.settings import CameraSettings
from linli_settings import ConfigError, parse

GOOD = """\
name: gate
source: {type: rtsp, url: "rtsp://10.0.0.8/ch1", username: viewer, password: file:gate.password}
detector: main
privacy: [[[0, 0], [0.2, 0], [0.2, 0.1]]]
zones:
  - name: courtyard
    polygon: [[0.1, 0.2], [0.9, 0.2], [0.9, 0.95], [0.1, 0.95]]
    behaviours:
      - {type: intrusion, dwell: 5s, grace: 2s, labels: [person], min_confidence: 40%}
      - {type: crowd, count: 10, dwell: 3min}
"""


def test_the_architectures_example_is_read() -> None:
    settings = parse(GOOD, CameraSettings)
    assert settings.source.type == "rtsp"
    intrusion, crowd = settings.zones[0].behaviours
    assert (intrusion.type, intrusion.dwell, intrusion.min_confidence) == ("intrusion", 5, 0.4)
    assert (crowd.type, crowd.dwell) == ("crowd", 180)
    assert parse(str(settings.model_dump_json()), CameraSettings) == settings


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("name: gate", "name: a/b", r":1: name: expected a name of 1-64 letters.*found 'a/b'"),
        ("dwell: 5s", "dwell: 5", r":9: .*dwell: .*did you mean 5s\?"),
        ("dwell: 5s", "dwel: 5s", r":9: .*'dwel' \(did you mean 'dwell'\?\)"),
        ("40%", "0.4", r"min_confidence: expected a percentage"),
        ("grace: 2s", "grace: 5min", r"grace: .*at most 1min"),
        ("[0.2, 0.1]", "[0.2, 0]", r"privacy\[0\]: .*at least 3 distinct points"),
        ("[0.9, 0.2], [0.9, 0.95]", "[0.9, 0.95], [0.9, 0.2]", r"polygon: .*cross itself"),
        ("rtsp://10", "http://10", r"source.url: expected an address such as rtsp://"),
        ("rtsp://10", "rtsp://me:pw@10", r"without user and password.*rtsp://\*\*\*@10"),
        ("file:gate.password", "geheim", r"password: expected a reference to a secret"),
        ("username: viewer, ", "", r"source: .*a username beside the password"),
        ("username: viewer", "username: 'a:b'", r"username: .*without ':'"),
        (
            "type: rtsp",
            "type: thermal",
            r":2: source.type: expected one of file, stills, rtsp, usb, csi",
        ),
        (
            "detector: main",
            "colour: red",
            r"1: detector: expected a value(.|\n)*3: colour: .*known",
        ),
    ],
)
def test_each_mistake_is_named_with_its_line(old: str, new: str, words: str) -> None:
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        parse(GOOD.replace(old, new, 1), CameraSettings)
    assert caught.match(words)
    assert "geheim" not in str(caught.value)
    assert "pw" not in str(caught.value)


def test_a_zone_stands_once() -> None:
    second = GOOD + "  - {name: courtyard, polygon: [[0, 0], [1, 0], [1, 1]]}\n"
    with pytest.raises(ConfigError, match="each zone name once; more than once: courtyard"):
        parse(second, CameraSettings)
