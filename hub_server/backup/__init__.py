"""A backup is one archive of what the county cannot lose: ledger, pictures, embedded series.

It is the same for SQLite and PostgreSQL, so it also moves a hub from one to the other.
"""
