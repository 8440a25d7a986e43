"""Rules: pure functions from state, input and now to state and alerts with their reasons."""
