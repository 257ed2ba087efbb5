-- Every start of the machine; `at_ms` of two rows compare only within one boot.
CREATE TABLE boot (
    id       INTEGER PRIMARY KEY,
    boot_id  TEXT    NOT NULL UNIQUE,     -- /proc/sys/kernel/random/boot_id
    utc_ms   INTEGER NOT NULL             -- wall clock at the first start of the daemon in it
) STRICT;

-- What happened, in order. Rows are never updated or deleted.
CREATE TABLE journal (
    seq     INTEGER PRIMARY KEY,          -- gapless; names the thing that the row begins
    utc_ms  INTEGER NOT NULL,             -- wall clock; may step, seq does not
    clock   TEXT    NOT NULL CHECK (clock IN ('synced', 'holdover', 'unset')),
    boot    INTEGER NOT NULL REFERENCES boot (id),
    at_ms   INTEGER NOT NULL,             -- CLOCK_BOOTTIME
    type    TEXT    NOT NULL,             -- 'CallOffered'
    stream  TEXT    NOT NULL,             -- 'call/17', 'incident/19', 'trouble/modem-1'
    data    TEXT    NOT NULL CHECK (json_valid(data)),
    chain   BLOB    NOT NULL CHECK (length(chain) = 32)  -- SHA-256 over the row and the chain before
) STRICT;
CREATE INDEX journal_by_stream ON journal (stream);  -- and by seq in it: an index ends with the rowid
-- Legs are unique for all time: a call that the exchange reports twice is written once.
CREATE UNIQUE INDEX journal_by_leg ON journal (json_extract(data, '$.leg')) WHERE type = 'CallOffered';

-- Streams with something still open; a restart reads these and nothing else.
CREATE TABLE open_stream (
    stream    TEXT    PRIMARY KEY,
    first_seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What must still reach somebody. A row goes when nobody waits for it any more; that it was there,
-- and what became of it, the journal tells.
CREATE TABLE outbox (
    id        INTEGER PRIMARY KEY,        -- grows with seq
    key       TEXT    NOT NULL UNIQUE,    -- 'alert/21/mqtt'
    seq       INTEGER NOT NULL REFERENCES journal (seq),
    channel   TEXT    NOT NULL,
    recipient TEXT    NOT NULL,           -- agency, or phone number
    form      TEXT    NOT NULL,           -- 'Alert' | 'Update'
    body      TEXT    NOT NULL            -- JSON
) STRICT;
