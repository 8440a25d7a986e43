"""How well the agent does on a clip whose truth is known: ``edge-agent evaluate``."""
