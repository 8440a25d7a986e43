"""Colours. Red, orange, yellow and blue are kept for levels; everything else is neutral."""

from linli_contract.event_types import Colour

LEVEL_HEX: dict[Colour, str] = {
    Colour.BLUE: "#3274D9",
    Colour.YELLOW: "#FADE2A",
    Colour.ORANGE: "#FF780A",
    Colour.RED: "#E02F44",
}
TEXT = "#D8D9DA"
"""Figures of the top row: a number is no level."""
SERIES = "#5AC8B0"
"""A single line, and bars of a ranking."""
PALETTE = (
    SERIES,
    "#A78BDA",
    "#8E9AA6",
    "#7FB77E",
    "#D38BB4",
    "#A58C74",
    "#C5E3DC",
    "#6B5B95",
    "#D9D9D9",
    "#3E8E7E",
    "#B08EA2",
)
"""Series side by side; used in turn."""
