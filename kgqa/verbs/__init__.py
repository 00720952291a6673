"""The verbs of `python -m kgqa`, a room for each kind: their options, what they call, and what they print."""
