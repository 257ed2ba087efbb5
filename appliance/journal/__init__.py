from appliance.journal.store import Batch, Journal, JournalError, Outgoing, Written

__all__ = ["Batch", "Journal", "JournalError", "Outgoing", "Written"]
