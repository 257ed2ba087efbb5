"""The one error of the journal."""


class JournalError(Exception):
    """The journal cannot be opened, read or written. The text says what to do."""
