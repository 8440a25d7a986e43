"""The link to the county data centre: a signed push, a signed callback, and a simulator."""
