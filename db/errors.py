"""What can go wrong in the store; each message is one line that says what happened and what to do."""


class StoreError(Exception):
    """The store could not do it; a command exits with status 1."""

    exit_code = 1


class UnreachableError(StoreError):
    """The database does not answer."""


class StoreInputError(StoreError):
    """What was given cannot be stored or found; a command exits with status 2."""

    exit_code = 2


class NotFoundError(StoreInputError):
    """There is no such row for this visitor; whether another visitor has it is not told."""
