"""What leaves the hub: rows for each target, written with the change, drained with retries."""
