"""Grafana dashboards as code: small functions that return JSON, and the command that pushes it."""
