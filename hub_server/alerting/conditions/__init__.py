"""Conditions as pure functions: state and input to state and firings.

A condition is a folder's member like a plug-in: its settings are in ``spec``, its function here.
"""
