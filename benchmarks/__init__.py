"""Timings of the parts, each against a named baseline in the same run."""
