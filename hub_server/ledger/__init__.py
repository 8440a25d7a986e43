"""The ledger: inbox, alert state, incidents, outbound, users, devices and audit in one database."""
