from appliance.journal.error import JournalError
from appliance.journal.store import (
    Batch,
    Journal,
    JournalReader,
    Outgoing,
    Written,
    read_journal,
)

__all__ = [
    "Batch",
    "Journal",
    "JournalError",
    "JournalReader",
    "Outgoing",
    "Written",
    "read_journal",
]
