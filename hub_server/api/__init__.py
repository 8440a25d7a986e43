"""The HTTP API (docs/architecture.md has its table)."""
