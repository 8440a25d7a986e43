"""The hub's journey as one list: keep → evaluate → open → enqueue, in one transaction."""
