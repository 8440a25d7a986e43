"""Where time-series points go: a SQLite file or InfluxDB 2."""
