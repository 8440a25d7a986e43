"""What sensors measure and in which unit. A unit is never converted: one metric has one unit, so
that a limit in a rule means the same for every device.

The metrics are those that the event types of the domain need. A window in the name (``_10min``,
``_3h``) says that the edge computed the value over it.
"""

METRICS: dict[str, str] = {
    "smoke": "%obs/m",
    "gas_lel": "%LEL",
    "co": "ppm",
    "co2": "ppm",
    "water_depth": "cm",
    "rain": "mm",
    "rain_3h": "mm",
    "rain_6h": "mm",
    "rain_12h": "mm",
    "noise": "dB(A)",
    "laeq_10min": "dB(A)",
    "pm2_5": "µg/m³",
    "pm10": "µg/m³",
    "aqi_1h": "AQI",
    "temperature": "°C",
    "humidity": "%",
    "wind_speed": "m/s",
    "tilt": "°",
    "fill": "%",
    "water_meter": "m³",
    "voltage": "V",
}
"""Metric → its unit."""
