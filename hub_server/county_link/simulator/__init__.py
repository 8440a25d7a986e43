"""A county data centre to try against: it verifies, dedupes, keeps cases and calls back."""
