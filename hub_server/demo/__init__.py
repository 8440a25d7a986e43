"""The whole of Linli on one machine: ``hub-server demo``.

It starts the parts as a county would run them, each in a process of its own, and with
``--once`` plays the story of two incidents through the public API.
"""
