"""Where messages come in: source → decode → batch → pipeline → acknowledgement."""
