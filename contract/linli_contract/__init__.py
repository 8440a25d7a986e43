"""What edge and hub agree on: topics, the envelope, payload types and event-type names.

Imports msgspec and the standard library only. Golden files under ``tests/contract/golden``
freeze the bytes; a change that alters them is a new major version of the schema.
"""
