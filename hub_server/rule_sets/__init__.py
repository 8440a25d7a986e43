"""Rule sets: a folder read and checked whole, a version in the ledger, switched while it runs."""
