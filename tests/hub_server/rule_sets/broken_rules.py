"""A right folder of rules, and the ways in which counties break it."""

from typing import NamedTuple

from linli_contract.event_types import EVENT_TYPES

FIRST = """\
pack: first
version: 2026-11-22
rules:
  - name: gas
    type: gas_leak
    colour: red
    when: {type: threshold, metric: gas_lel, above: 10, clear: 8, for: 30s, samples: 2}
    scope: source
    group: {by: [type, source]}
    at_once: true
    place: {noise_class: "4a"}
    schedule:
      windows: [{days: [mon, tue], from: "22:00", to: "06:00", holidays: except}]
      time_zone: Asia/Shanghai
    cool_down: 10min
    repeat: 30min
    inhibited_by: [{rule: many, same: grid}]
    labels: {team: gas}
    reason: {zh: "{name} {value}", en: "{name} {value:.1f}"}
    source: "a test"
  - name: many
    type: crowd
    colour: yellow
    when: {type: count, events: [crowd], at_least: 3, window: 30min}
    scope: grid
    group: {by: [type, grid]}
    reason: {zh: "{count}", en: "{count}"}
    source: "a test"
"""
PLACES = """\
places:
  - {area: "330899", traits: {noise_class: "2"}}
  - {device: pi-0003, source: road, traits: {noise_class: "4a"}}
"""
SECOND = """\
pack: second
version: 2026-11-22
rules:
  - name: water
    type: waterlogging
    when:
      type: levels
      metric: water_depth
      levels:
        - {colour: blue, above: 5}
        - {colour: red, above: 25}
    scope: source
    group: {by: [type, source]}
    place: {noise_class: "2"}
    reason: {zh: "{value}", en: "{value}"}
    source: "a test"
  - name: rising
    type: waterlogging
    colour: orange
    when: {type: rate, metric: water_depth, rising: 5 cm/min, window: 5min}
    scope: source
    group: {by: [type, source]}
    reason: {zh: "{rate}", en: "{rate}"}
    source: "a test"
  - name: both
    type: smoke_fire
    colour: red
    when:
      type: all
      of:
        seen: {type: observation, event: smoke_fire}
        hot: {type: threshold, metric: smoke, above: 10}
      within: 5min
    scope: grid
    inhibited_by: [{type: gas_leak}]
    group: {by: [type, grid]}
    reason: {zh: "{seen_name}", en: "{hot_value}"}
    source: "a test"
  - name: silent
    type: device_offline
    colour: yellow
    when: {type: no_data, of: heartbeat, after: 90s}
    scope: device
    group: {by: [type, device]}
    reason: {zh: "{seconds}", en: "{seconds}"}
    source: "a test"
  - name: three
    type: crowd
    colour: red
    when: {type: distinct, events: [crowd], of: source, at_least: 3, window: 10min}
    scope: community
    group: {by: [type, community]}
    reason: {zh: "{count}", en: "{count}"}
    source: "a test"
  - name: wide
    type: gas_leak
    colour: red
    when:
      {type: alerts, types: [gas_leak], rules: [many], distinct: community, at_least: 3,
       window: 10min}
    scope: county
    group: {by: [type, county]}
    reason: {zh: "{places}", en: "{places}"}
    source: "a test"
"""
TESTS = """\
tests:
  - name: gas fires
    readings:
      - {at: 0s, source: gas-1, metric: gas_lel, value: 12, unit: "%LEL"}
    observations:
      - {at: 10s, event: crowd, source: gate}
    alerts:
      - {at: 30s, rule: gas, colour: red}
"""
AREAS = """\
areas:
  - {code: "330899", level: county, zh: 澄溪县, en: Chengxi}
  - {code: "330899001", level: town, zh: 街道, en: Town}
  - {code: "330899001001", level: community, zh: 社区, en: Community}
  - {code: "330899001001001", level: grid, zh: 网格, en: Grid,
     outline: [[119.1, 29.1], [119.2, 29.1], [119.2, 29.2], [119.1, 29.1]]}
"""
HOLIDAYS = """\
years:
  - year: 2027
    source: "a notice"
    holidays: [{first: 2027-01-01}]
    workdays: [2027-01-03]
"""
_ROW = """\
  {name}:
    code: "0500"
    limits: {{handle: {{value: 1, unit: urgent_hour}}}}
    cool_down: 10min
    first_handler: {{zh: 网格员, en: Grid worker}}
    source: "a test"
"""
TYPES = "types:\n" + "".join(_ROW.format(name=name) for name in EVENT_TYPES)
GOOD = {
    "first.yaml": FIRST,
    "first.test.yaml": TESTS,
    "second.yaml": SECOND,
    "areas.yaml": AREAS,
    "holidays.yaml": HOLIDAYS,
    "places.yaml": PLACES,
    "incident_types.yaml": TYPES,
}


class Break(NamedTuple):
    """In ``file``, ``old`` becomes ``new``; the message says what follows."""

    file: str
    old: str
    new: str
    field: str
    expected: str
    found: str
    fix: str = ""
    line_of: str = ""
    """Text at whose line the mistake is reported; that of ``new`` when empty."""
    keyed_by: str = ""


A, T, B = "first.yaml", "first.test.yaml", "second.yaml"
R, Y, H = "areas.yaml", "incident_types.yaml", "holidays.yaml"
P = "places.yaml"
KNOWN = "a known key"
BROKEN: dict[str, Break] = {
    # keys
    "an unknown key of a rule": Break(
        A, "colour: red", "color: red", "rules[0].color", KNOWN, "'color'", "'colour'"
    ),
    "an unknown key of a condition": Break(
        A, "samples: 2", "sampels: 2", "rules[0].when.sampels", KNOWN, "'sampels'", "'samples'"
    ),
    "an unknown key of a pack": Break(
        A,
        "version: 2026-11-22",
        "version: 2026-11-22\nowner: me",
        "owner",
        KNOWN,
        "'owner'",
        "remove it",
        "owner: me",
    ),
    "an unknown key of a window": Break(
        A,
        "holidays: except",
        "holiday: except",
        "rules[0].schedule.windows[0].holiday",
        KNOWN,
        "'holiday'",
        "'holidays'",
    ),
    "a key that is missing": Break(
        A,
        "    type: gas_leak\n",
        "",
        "rules[0].type",
        "a value",
        "nothing",
        "add type:",
        "  - name: gas",
    ),
    "a reason in one language": Break(
        B,
        'reason: {zh: "{rate}", en: "{rate}"}',
        'reason: {zh: "{rate}"}',
        "rules[1].reason.en",
        "a value",
        "nothing",
        "add en:",
    ),
    "a limit without a source": Break(
        A,
        '    source: "a test"\n  - name: many',
        "  - name: many",
        "rules[0].source",
        "a value",
        "nothing",
        "add source:",
        "  - name: gas",
    ),
    "no rules": Break(A, "rules:\n", "rules: []\nolder:\n", "rules", "at least 1 item", "0"),
    "a key twice": Break(
        A,
        "    scope: source\n",
        "    scope: source\n    scope: grid\n",
        "rules[0].scope",
        "each key once",
        "a second one",
        "",
        "    scope: grid",
    ),
    "no YAML": Break(
        A,
        "group: {by: [type, source]}",
        "group: {by: [type, source}",
        "file",
        "valid YAML",
        "'}'",
        "look at this line",
    ),
    # units and values
    "a duration without unit": Break(
        A,
        "for: 30s",
        "for: 30",
        "rules[0].when.for",
        "a duration with a unit",
        "30",
        "did you mean 30s?",
    ),
    "a window of nothing": Break(
        A, "window: 30min", "window: 0s", "rules[1].when.window", "greater than 0", "'0s'"
    ),
    "a rate without its time": Break(
        B,
        "rising: 5 cm/min",
        "rising: 5 cm",
        "rules[1].when.rising",
        "a change with its unit and time, such as '5 cm/min'",
        "'5 cm'",
    ),
    "a rate in another unit": Break(
        B,
        "rising: 5 cm/min",
        "rising: 5 mm/min",
        "rules[1].when",
        "water_depth in cm",
        "mm",
        "write '5 cm/min'",
    ),
    "a repeat every second": Break(
        A, "repeat: 30min", "repeat: 1s", "rules[0].repeat", "at least 1min", "'1s'"
    ),
    "a count of one": Break(
        A, "at_least: 3", "at_least: 1", "rules[1].when.at_least", "at least 2", "1"
    ),
    "a colour of another scale": Break(
        A,
        "colour: yellow",
        "colour: green",
        "rules[1].colour",
        "one of blue, yellow, orange, red",
        "'green'",
    ),
    "yes where true belongs": Break(
        A, "at_once: true", "at_once: maybe", "rules[0].at_once", "true or false", "'maybe'"
    ),
    # names
    "a name with a blank": Break(
        A,
        "name: gas",
        "name: Gas leak",
        "rules[0].name",
        "a text of the pattern ^[a-z0-9][a-z0-9-]{0,62}$",
        "'Gas leak'",
    ),
    "a rule name twice in a file": Break(
        A,
        "name: many",
        "name: gas",
        "rules",
        "each rule's name once, 'gas' stands 2 times",
        "[{'name': 'gas'",
        line_of="rules:",
    ),
    "a rule name twice in two files": Break(
        B,
        "name: water",
        "name: gas",
        "rules[0].name",
        "a name of its own",
        "'gas'",
        "first.yaml has it already",
    ),
    "a pack name twice": Break(
        B,
        "pack: second",
        "pack: first",
        "pack",
        "a name of its own",
        "'first'",
        "first.yaml has it already",
    ),
    "an unknown event type": Break(
        A,
        "type: gas_leak",
        "type: gas_leek",
        "rules[0].type",
        "an event type of the contract",
        "'gas_leek'",
        "did you mean 'gas_leak'?",
    ),
    "an unknown event of a condition": Break(
        A,
        "events: [crowd]",
        "events: [crowds]",
        "rules[1].when.events[0]",
        "an event type of the contract",
        "'crowds'",
        "did you mean 'crowd'?",
    ),
    "an unknown metric": Break(
        A,
        "metric: gas_lel",
        "metric: gas_lvl",
        "rules[0].when.metric",
        "a metric of the contract",
        "'gas_lvl'",
        "did you mean 'gas_lel'?",
    ),
    "an unknown condition": Break(
        A,
        "type: threshold",
        "type: treshold",
        "rules[0].when.type",
        "one of",
        "'treshold'",
        "did you mean 'threshold'?",
    ),
    "an unknown scope": Break(
        A,
        "scope: grid",
        "scope: village",
        "rules[1].scope",
        "one of zone, source, device, grid, community, town, county",
        "'village'",
    ),
    # conditions that make no sense
    "two limits": Break(
        A, "above: 10", "above: 10, below: 3", "rules[0].when", "either above or below", "the keys"
    ),
    "cleared on the bad side": Break(
        A,
        "clear: 8",
        "clear: 11",
        "rules[0].when",
        "clear on the good side of the limit",
        "the keys",
    ),
    "levels out of order": Break(
        B,
        "colour: blue, above: 5",
        "colour: red, above: 5",
        "rules[0].when.levels",
        "levels from blue to red, each colour once",
        "the keys",
        line_of="      levels:",
    ),
    "a colour beside levels": Break(
        B,
        "type: waterlogging\n    when:",
        "type: waterlogging\n    colour: red\n    when:",
        "rules[0]",
        "a colour, either of the rule or of its levels",
        "the keys",
        line_of="  - name: water",
    ),
    "a sub-condition alone": Break(
        B,
        "        hot: {type: threshold, metric: smoke, above: 10}\n",
        "",
        "rules[2].when.of",
        "at least 2 items",
        "1",
        line_of="      of:",
    ),
    "a scope too narrow": Break(
        B,
        "window: 10min}\n    scope: community",
        "window: 10min}\n    scope: source",
        "rules[4].scope",
        "a scope that distinct can be kept by",
        "'source'",
        line_of="    scope: source\n    group: {by: [type, community]}",
    ),
    "a zone of a sensor": Break(
        A,
        "by: [type, source]",
        "by: [type, zone]",
        "rules[0].group",
        "by without zone",
        "the keys by",
    ),
    "a group without type": Break(
        A,
        "by: [type, source]",
        "by: [source, type]",
        "rules[0].group.by",
        "type first",
        "['source', 'type']",
    ),
    # texts
    "a field the condition has not": Break(
        A,
        '"{name} {value}"',
        '"{name} {dwell_s}"',
        "rules[0].reason",
        "one of the fields",
        "the keys zh, en",
    ),
    "a format that does not fit": Break(
        A,
        "{value:.1f}",
        "{value:d}",
        "rules[0].reason",
        "a format that fits its value",
        "the keys zh, en",
    ),
    "a brace left open": Break(
        A,
        '"{name} {value}"',
        '"{name} {value"',
        "rules[0].reason",
        "a text with {fields}",
        "the keys zh, en",
    ),
    # schedules and holidays
    "a time without quotes": Break(
        A,
        'from: "22:00"',
        "from: 22:00",
        "rules[0].schedule.windows[0].from",
        "a time of day in quotes",
        "1320",
    ),
    "a time after midnight": Break(
        A,
        'to: "06:00"',
        'to: "25:00"',
        "rules[0].schedule.windows[0].to",
        "a time of day from '00:00' to '24:00'",
        "'25:00'",
    ),
    "an unknown day": Break(
        A,
        "days: [mon, tue]",
        "days: [mon, tues]",
        "rules[0].schedule.windows[0].days[1]",
        "one of mon, tue",
        "'tues'",
        "did you mean 'tue'?",
    ),
    "an unknown time zone": Break(
        A,
        "Asia/Shanghai",
        "China",
        "rules[0].schedule.time_zone",
        "a time zone such as Asia/Shanghai",
        "'China'",
    ),
    "a holiday of another year": Break(
        H,
        "first: 2027-01-01",
        "first: 2026-01-01",
        "years[0]",
        "days of 2027 only; 2026-01-01 is not",
        "the keys year",
        line_of="  - year:",
    ),
    "a make-up workday in the week": Break(
        H,
        "[2027-01-03]",
        "[2027-01-04]",
        "years[0]",
        "make-up workdays on a Saturday or Sunday",
        "the keys year",
        line_of="  - year:",
    ),
    "a label that YAML reads as no": Break(
        A, "{team: gas}", "{off: gas}", "rules[0].labels", "a text", "False", "put it in quotes"
    ),
    "a key that YAML reads as no": Break(
        A,
        "at_once: true",
        "off: true",
        "rules[0]",
        "a key that is text",
        "False",
        "put it in quotes: YAML reads on, off",
        line_of="  - name: gas",
    ),
    # across files
    "inhibited by a rule that is not there": Break(
        A,
        "rule: many",
        "rule: mani",
        "rules[0].inhibited_by[0].rule",
        "a rule of this set",
        "'mani'",
        "did you mean 'many'?",
    ),
    "inhibited by a type nobody raises": Break(
        B,
        "type: gas_leak",
        "type: manhole",
        "rules[2].inhibited_by[0].type",
        "a type that a rule of this set raises",
        "'manhole'",
        "remove it",
    ),
    "inhibited by itself": Break(
        A,
        "rule: many",
        "rule: gas",
        "rules[0].inhibited_by[0].rule",
        "another rule",
        "'gas'",
        "remove it",
    ),
    "a test of a missing rule": Break(
        T,
        "rule: gas",
        "rule: gaz",
        "tests[0].alerts[0].rule",
        "a rule of first.yaml",
        "'gaz'",
        "did you mean 'gas'?",
    ),
    "a test of an unknown metric": Break(
        T,
        "metric: gas_lel",
        "metric: gas",
        "tests[0].readings[0].metric",
        "a metric of the contract",
        "'gas'",
        "did you mean",
    ),
    "a test of an unknown event": Break(
        T,
        "event: crowd",
        "event: crow",
        "tests[0].observations[0].event",
        "an event type of the contract",
        "'crow'",
        "did you mean 'crowd'?",
    ),
    "wider than the event log's key": Break(
        A,
        "window: 30min}\n    scope: grid",
        "window: 30min}\n    scope: county",
        "rules[1].scope",
        "a scope no wider than community",
        "'county'",
        "scope: community, and over its alerts a rule with when: {type: alerts, ...}",
        "    scope: county",
        "community",
    ),
    "a rule over alerts of a rule over alerts": Break(
        B,
        "rules: [many]",
        "rules: [wide]",
        "rules[5].when.rules[0]",
        "a rule over inputs, not one over alerts",
        "'wide'",
        "name the rules it counts",
    ),
    "alerts of no rule": Break(
        B,
        "rules: [many]",
        "rules: [manny]",
        "rules[5].when.rules[0]",
        "a rule of this set",
        "'manny'",
        "did you mean 'many'?",
    ),
    "alerts of a type that nothing raises": Break(
        B,
        "types: [gas_leak]",
        "types: [fall]",
        "rules[5].when.types[0]",
        "a type that a rule over inputs raises",
        "'fall'",
        "remove it, or add what it names",
    ),
    "alerts of nobody": Break(
        B,
        "types: [gas_leak], rules: [many]",
        "types: [], rules: []",
        "rules[5].when",
        "types or rules: whose alerts count",
        "the keys",
        line_of="    when:\n      {type: alerts",
    ),
    "a rule over alerts no wider than the rules it counts": Break(
        B,
        "scope: county\n    group: {by: [type, county]}",
        "scope: community\n    group: {by: [type, county]}",
        "rules[5].scope",
        "town, county",
        "'community'",
    ),
    "a case of many places that stands in one": Break(
        B,
        'by: [type, county]}\n    reason: {zh: "{places}"',
        'by: [type, grid]}\n    reason: {zh: "{places}"',
        "rules[5].group",
        "type with town or county",
        "the keys",
    ),
    # places
    "a trait that no place has": Break(
        A,
        'noise_class: "4a"',
        'noise_klass: "4a"',
        "rules[0].place.noise_klass",
        "a trait of some place in places.yaml",
        "'noise_klass'",
        "did you mean 'noise_class'?",
    ),
    "a place that is what no rule asks for": Break(
        P,
        'noise_class: "4a"',
        'noise_class: "4A"',
        "places[1].traits.noise_class",
        "one of 2, 4a, as rules ask",
        "'4A'",
        "write one of them",
    ),
    "a place that is an area and a device": Break(
        P,
        "{device: pi-0003, source: road,",
        '{area: "33", device: pi-0003,',
        "places[1]",
        "either area, or device with or without source",
        "the keys",
    ),
    # areas
    "an area in no other": Break(
        R,
        '"330899001001001"',
        '"440899001001001"',
        "areas[3].code",
        "a code that begins with that of a community",
        "'440899001001001'",
        "add the community around it",
    ),
    "a hole between two levels": Break(
        R,
        '  - {code: "330899001001", level: community, zh: 社区, en: Community}\n',
        "",
        "areas[2].code",
        "a code that begins with that of a community",
        "directly inside '330899001' (town)",
        "add the community around it",
        '  - {code: "330899001001001"',
    ),
    "an area code twice": Break(
        R,
        '"330899001001"',
        '"330899001"',
        "areas[2].code",
        "each code once",
        "'330899001'",
        "another code, or remove it",
        '  - {code: "330899001", level: community',
    ),
    "an outline left open": Break(
        R,
        "[119.2, 29.2], [119.1, 29.1]]",
        "[119.2, 29.2], [119.1, 29.2]]",
        "areas[3].outline",
        "a ring of at least 4 points, closed",
        "the last [119.1, 29.2]",
        "repeat the first point",
    ),
    "latitude before longitude": Break(
        R, "[[119.1, 29.1]", "[[29.1, 119.1]", "areas[3].outline[0][1]", "at most 90", "119.1"
    ),
    "an unknown level": Break(
        R,
        "level: town",
        "level: city",
        "areas[1].level",
        "one of county, town, community, grid",
        "'city'",
    ),
    # incident types
    "an unknown unit of a limit": Break(
        Y,
        "limits: {handle: {value: 1, unit: urgent_hour}}",
        "limits: {handle: {value: 1, unit: hours}}",
        "types.fire_lane_blocked.limits.handle.unit",
        "one of urgent_hour, work_hour, work_day, natural_day",
        "'hours'",
    ),
    "a type nobody knows": Break(
        Y,
        "  intrusion:",
        "  intruder:",
        "types.intruder",
        "an event type of the contract",
        "'intruder'",
    ),
    "a type that is missing": Break(
        Y,
        "  intrusion:",
        "  intruder:",
        "types.intrusion",
        "a row for every event type",
        "none",
        "add intrusion:",
        "types:",
    ),
    "a class code of letters": Break(
        Y,
        'code: "0500"',
        'code: "A500"',
        "types.fire_lane_blocked.code",
        r"the pattern ^\d{4,5}$",
        "'A500'",
    ),
}
