"""A right configuration, and the ways in which technicians break it."""

from typing import NamedTuple

GOOD = """\
county: "330899"
device: pi-0001
data_dir: data
broker:
  host: hub.county
  port: 8883
  protocol: "5"
  username: pi-0001
  password: file:secrets/mqtt.password
  tls: {ca: ca.pem}
hub:
  url: "https://hub.county"
  token: file:secrets/device.token
detectors:
  - name: main
    type: openvino
    model: model.onnx
    classes: {0: person}
    min_confidence: 30%
cameras:
  - name: gate
    source: {type: file, path: gate.avi}
    detector: main
    evidence: {pictures: false}
    privacy:
      - [[0, 0], [0.2, 0], [0.2, 0.1]]
    zones:
      - name: yard
        polygon: [[0.1, 0.2], [0.9, 0.2], [0.9, 0.95], [0.1, 0.95]]
        behaviours:
          - type: intrusion
            dwell: 5s
            grace: 2s
            labels: [person]
            min_confidence: 40%
          - type: crowd
            count: 10
            dwell: 3min
  - name: street
    source:
      type: rtsp
      url: "rtsp://10.0.0.8/ch1"
      username: viewer
      password: file:secrets/street.password
    detector: main
    evidence: {pictures: false}
sensors:
  - name: gas-1
    type: replay
    file: gas.csv
    metric: gas_lel
    unit: "%LEL"
    range: [0, 100]
    interval: 10s
outbox: {max_size: 500MB, max_age: 7d}
health: {interval: 30s}
evidence: {max_size: 300KB, quality: 85}
"""


class Break(NamedTuple):
    """``old`` becomes ``new``; the message says what follows."""

    old: str
    new: str
    field: str
    expected: str
    found: str
    fix: str = ""
    line_of: str = ""
    """Text at whose line the mistake is reported; that of ``new`` when empty."""


UNKNOWN = "a known key"
BROKEN: dict[str, Break] = {
    # keys
    "unknown key at the top": Break(
        "health:", "helth:", "helth", UNKNOWN, "'helth'", "did you mean 'health'?"
    ),
    "unknown key of the broker": Break(
        "  host: hub.county",
        "  host: hub.county\n  hosts: a",
        "broker.hosts",
        UNKNOWN,
        "'hosts'",
        "did you mean 'host'?",
        "  hosts: a",
    ),
    "unknown key of a camera": Break(
        "    privacy:", "    privicy:", "cameras[0].privicy", UNKNOWN, "'privicy'", "'privacy'"
    ),
    "unknown key of a source": Break(
        "path: gate.avi",
        "path: gate.avi, lop: true",
        "cameras[0].source.lop",
        UNKNOWN,
        "'lop'",
        "'loop'",
    ),
    "unknown key of a zone": Break(
        "        polygon: [[0.1",
        "        polygone: [[0.1",
        "cameras[0].zones[0].polygone",
        UNKNOWN,
        "'polygone'",
        "'polygon'",
    ),
    "unknown key of a behaviour": Break(
        "dwell: 5s",
        "dwel: 5s",
        "cameras[0].zones[0].behaviours[0].dwel",
        UNKNOWN,
        "'dwel'",
        "'dwell'",
    ),
    "unknown key of a detector": Break(
        "    min_confidence: 30%",
        "    confidence: 30%",
        "detectors[0].confidence",
        UNKNOWN,
        "'confidence'",
        "'min_confidence'",
    ),
    "unknown key of a sensor": Break(
        "    interval: 10s",
        "    intervall: 10s",
        "sensors[0].intervall",
        UNKNOWN,
        "'intervall'",
        "'interval'",
    ),
    "a key that is missing": Break(
        "device: pi-0001\n", "", "device", "a value", "nothing", "add device:", 'county: "330899"'
    ),
    "a key of a zone that is missing": Break(
        "      - name: yard\n        polygon",
        "      - polygon",
        "cameras[0].zones[0].name",
        "a value",
        "nothing",
        "add name:",
    ),
    # units
    "a duration without unit": Break(
        "dwell: 5s",
        "dwell: 5",
        "cameras[0].zones[0].behaviours[0].dwell",
        "a duration with a unit (ms, s, min, h, d)",
        "5",
        "did you mean 5s?",
    ),
    "a duration with an unknown unit": Break(
        "dwell: 3min",
        "dwell: 3minutes",
        "cameras[0].zones[0].behaviours[1].dwell",
        "one of the units ms, s, min, h, d",
        "'3minutes'",
    ),
    "a size without unit": Break(
        "max_size: 500MB",
        "max_size: 500",
        "outbox.max_size",
        "a size with a unit",
        "500",
        "did you mean 500MB?",
    ),
    "a percentage without sign": Break(
        "    min_confidence: 30%",
        "    min_confidence: 30",
        "detectors[0].min_confidence",
        "a percentage with a unit (%)",
        "30",
        "did you mean 30%?",
    ),
    "a percentage above 100": Break(
        "min_confidence: 40%",
        "min_confidence: 140%",
        "cameras[0].zones[0].behaviours[0].min_confidence",
        "a percentage of at most 100%",
        "'140%'",
    ),
    "a negative dwell": Break(
        "dwell: 5s",
        "dwell: -5s",
        "cameras[0].zones[0].behaviours[0].dwell",
        "a duration such as 5s",
        "'-5s'",
    ),
    "an interval that is too small": Break(
        "health: {interval: 30s}",
        "health: {interval: 10ms}",
        "health.interval",
        "at least 1s",
        "'10ms'",
    ),
    "an age longer than the hub remembers": Break(
        "max_age: 7d", "max_age: 30d", "outbox.max_age", "at most 7d", "'30d'"
    ),
    # geometry
    "a polygon with two points": Break(
        "[[0.1, 0.2], [0.9, 0.2], [0.9, 0.95], [0.1, 0.95]]",
        "[[0.1, 0.2], [0.9, 0.2]]",
        "cameras[0].zones[0].polygon",
        "at least 3 distinct points",
        "[[0.1, 0.2], [0.9, 0.2]]",
    ),
    "a polygon that crosses itself": Break(
        "[[0.1, 0.2], [0.9, 0.2], [0.9, 0.95], [0.1, 0.95]]",
        "[[0.1, 0.2], [0.9, 0.95], [0.9, 0.2], [0.1, 0.95]]",
        "cameras[0].zones[0].polygon",
        "does not cross itself",
        "[[0.1, 0.2]",
    ),
    "a point in pixels": Break(
        "[0.1, 0.95]]",
        "[64, 0.95]]",
        "cameras[0].zones[0].polygon",
        "fractions 0-1 of the frame's width and height",
        "[[0.1, 0.2]",
    ),
    "a privacy polygon without area": Break(
        "[[0, 0], [0.2, 0], [0.2, 0.1]]",
        "[[0, 0], [0.2, 0], [0, 0]]",
        "cameras[0].privacy[0]",
        "at least 3 distinct points",
        "[[0, 0], [0.2, 0], [0, 0]]",
    ),
    "a polygon as text": Break(
        "[[0.1, 0.2], [0.9, 0.2], [0.9, 0.95], [0.1, 0.95]]",
        '"0.1,0.2 0.9,0.2"',
        "cameras[0].zones[0].polygon",
        "a list of [x, y] points",
        "'0.1,0.2 0.9,0.2'",
    ),
    # names
    "two cameras of one name": Break(
        "  - name: street",
        "  - name: gate",
        "cameras[1].name",
        "each name once",
        "'gate'",
        "cameras[0].name has it already",
        line_of="  - name: gate\n    source:\n      type",
    ),
    "two zones of one name": Break(
        "          - type: crowd\n            count: 10\n            dwell: 3min",
        "      - {name: yard, polygon: [[0, 0], [1, 0], [1, 1]]}",
        "cameras[0]",
        "each zone name once",
        "more than once: yard",
        line_of="  - name: gate",
    ),
    "two detectors of one name": Break(
        "cameras:\n",
        "  - {name: main, type: openvino, model: model.onnx, classes: {0: person}}\ncameras:\n",
        "detectors[1].name",
        "each name once",
        "'main'",
        "detectors[0].name has it already",
    ),
    "a sensor named like a camera": Break(
        "  - name: gas-1",
        "  - name: gate",
        "sensors[0].name",
        "each name once",
        "'gate'",
        "cameras[0].name has it already",
        line_of="  - name: gate\n    type",
    ),
    "a name that is no topic level": Break(
        "device: pi-0001", "device: pi/0001", "device", "a name of 1-64 letters", "'pi/0001'"
    ),
    "a county that is no topic level": Break(
        'county: "330899"', 'county: "江县"', "county", "a name of 1-64 letters", "'江县'"
    ),
    "a county as a number": Break(
        'county: "330899"', "county: 330899", "county", "a text", "330899", "put it in quotes"
    ),
    # what is pointed at
    "a detector that is not there": Break(
        "    detector: main\n    evidence: {pictures: false}\n    privacy",
        "    detector: other\n    evidence: {pictures: false}\n    privacy",
        "cameras[0].detector",
        "one of the detectors main",
        "'other'",
        "add it to detectors",
    ),
    "an unknown model": Break(
        "model: model.onnx",
        "model: yolo99",
        "detectors[0].model",
        "a model of the catalogue (yolo11n",
        "'yolo99'",
        "edge-agent models list",
    ),
    "an unknown kind of behaviour": Break(
        "type: intrusion",
        "type: intrusoin",
        "cameras[0].zones[0].behaviours[0].type",
        "one of ",
        "'intrusoin'",
        "did you mean 'intrusion'?",
    ),
    "a behaviour without type": Break(
        "          - type: crowd\n            count: 10",
        "          - count: 10",
        "cameras[0].zones[0].behaviours[1].type",
        "a value",
        "nothing",
        "add type:",
    ),
    "an unknown kind of source": Break(
        "type: rtsp",
        "type: rtps",
        "cameras[1].source.type",
        "one of file, ",
        "'rtps'",
        "did you mean 'rtsp'?",
    ),
    "a count of 0": Break(
        "count: 10", "count: 0", "cameras[0].zones[0].behaviours[1].count", "at least 1", "0"
    ),
    # the broker and the hub
    "another protocol": Break(
        'protocol: "5"', 'protocol: "3"', "broker.protocol", "one of 5, 3.1.1", "'3'"
    ),
    "a protocol as a number": Break(
        'protocol: "5"',
        "protocol: 5",
        "broker.protocol",
        "one of 5, 3.1.1",
        "5",
        "put it in quotes: '5'",
    ),
    "a port out of range": Break(
        "port: 8883", "port: 88830", "broker.port", "at most 65535", "88830"
    ),
    "a password that stands in the file": Break(
        "password: file:secrets/mqtt.password",
        "password: s3cr3t@:/%",
        "broker.password",
        "a reference to a secret, file:/path or env:NAME",
        "(hidden)",
    ),
    "a password in a camera's address": Break(
        "rtsp://10.0.0.8/ch1",
        "rtsp://viewer:s3cr3t@:/%@10.0.0.8/ch1",
        "cameras[1].source.url",
        "an address ",
        "rtsp://***@10.0.0.8/ch1",
    ),
    "a password in the hub's address": Break(
        "https://hub.county",
        "https://me:s3cr3t@hub.county",
        "hub.url",
        "without user and password",
        "https://***@hub.county",
    ),
    "a password without user name": Break(
        "  username: pi-0001\n",
        "",
        "broker",
        "a username beside the password",
        "the keys host, port, protocol, password",
        line_of="broker:",
    ),
    "a key without certificate": Break(
        "tls: {ca: ca.pem}",
        "tls: {ca: ca.pem, key: key.pem}",
        "broker.tls",
        "cert and key together",
        "the keys ca, key",
    ),
    # sensors
    "an unknown metric": Break(
        "metric: gas_lel",
        "metric: gas_level",
        "sensors[0]",
        "metric: one of smoke, gas_lel",
        "'gas_level'",
        line_of="  - name: gas-1",
    ),
    "the unit of another metric": Break(
        'unit: "%LEL"',
        "unit: ppm",
        "sensors[0]",
        "unit '%LEL' for metric 'gas_lel'",
        "'ppm'",
        line_of="  - name: gas-1",
    ),
    "a range that is inverted": Break(
        "range: [0, 100]",
        "range: [100, 0]",
        "sensors[0]",
        "[low, high] with low < high",
        "[100.0, 0.0]",
        line_of="  - name: gas-1",
    ),
    # YAML itself
    "a key that stands twice": Break(
        "device: pi-0001",
        "device: pi-0001\ndevice: pi-0002",
        "device",
        "each key once",
        "a second one",
        line_of="device: pi-0002",
    ),
    "no YAML": Break(
        "  port: 8883",
        "  port: 8883]",
        "broker.port",
        "a whole number",
        "'8883]'",
        line_of="  port: 8883]",
    ),
    "a bracket that is not closed": Break(
        "    privacy:\n",
        "    privacy: [\n",
        "file",
        "valid YAML",
        "'-'",
        "the one above",
        "- [[0, 0]",
    ),
    "a tabulator": Break("  port: 8883", "\tport: 8883", "file", "valid YAML", "character '\\t'"),
    "a value where keys belong": Break(
        "health: {interval: 30s}", "health: 30s", "health", "keys and values", "'30s'", "key: value"
    ),
}
