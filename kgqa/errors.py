"""What can go wrong, as one family: each message says what happened, where, and what to do."""


class KgqaError(Exception):
    """The work failed; a command exits with status 1."""

    exit_code = 1


class InputError(KgqaError):
    """The arguments or the input are wrong; a command exits with status 2."""

    exit_code = 2


class GraphFormatError(InputError):
    """A graph file cannot be read; the message is `file:line: reason`."""


class QuestionFormatError(InputError):
    """A question file cannot be read; the message is `file:line: reason`."""


class ModelFormatError(InputError):
    """A model or graph directory is missing, truncated, altered or foreign."""


class UnknownEntityError(InputError):
    """An entity id is not in the graph."""


class ShapeError(KgqaError, ValueError):
    """Two tensors do not fit; the message gives both shapes."""
