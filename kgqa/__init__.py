"""Question answering over knowledge graphs with one joint differentiable model."""

__version__ = "0.1.0"
