"""What ``/metrics`` says: one table of all figures, and what reads or keeps them."""
