"""Who the hub tells that something needs a person."""
