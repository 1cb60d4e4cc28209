-- Column names are wire names wherever the wire has one.

CREATE TABLE IF NOT EXISTS contacts (
    id                   TEXT PRIMARY KEY,
    customer_id          TEXT NOT NULL,
    phone_number         TEXT NOT NULL,
    format_e164          TEXT NOT NULL,
    format_international TEXT NOT NULL,
    format_national      TEXT NOT NULL,
    format_rfc           TEXT NOT NULL,
    country_code         TEXT NOT NULL,
    region_code          TEXT,
    available_channels   TEXT NOT NULL,
    default_channel      TEXT NOT NULL,
    opt_out              INTEGER NOT NULL DEFAULT 0,
    created_at           TEXT NOT NULL,
    updated_at           TEXT,
    channels_due_at      TEXT,  -- when the look-up of further channels ends; null once it has
    deleted_at           TEXT   -- deletion dissociates; messages and consent stay (API §3.5)
);

CREATE UNIQUE INDEX IF NOT EXISTS contacts_by_number ON contacts (customer_id, format_e164);
CREATE INDEX IF NOT EXISTS contacts_listed
    ON contacts (customer_id, created_at DESC, id) WHERE deleted_at IS NULL;
CREATE INDEX IF NOT EXISTS contacts_due
    ON contacts (channels_due_at) WHERE channels_due_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS templates (
    id           TEXT PRIMARY KEY,
    customer_id  TEXT NOT NULL,
    name         TEXT NOT NULL,
    category     TEXT NOT NULL,
    language     TEXT NOT NULL,
    status       TEXT NOT NULL,
    channels     TEXT NOT NULL,  -- JSON list
    variables    TEXT NOT NULL,  -- JSON list
    content      TEXT NOT NULL,  -- never on the wire: Sent renders, callers do not see it before
    created_at   TEXT NOT NULL,
    updated_at   TEXT,
    is_published INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS messages (
    id                TEXT PRIMARY KEY,
    customer_id       TEXT NOT NULL,
    contact_id        TEXT NOT NULL,
    template_id       TEXT,
    requested_channel TEXT NOT NULL,
    channel           TEXT,              -- null until decided
    direction         TEXT NOT NULL,
    request           TEXT NOT NULL,     -- JSON: what the sender asked for, needed at release
    message_body      TEXT NOT NULL,     -- JSON
    created_at        TEXT NOT NULL,
    scheduled_at      TEXT,
    cancelled_at      TEXT,
    release_at        TEXT,              -- null once decided
    outcome           TEXT,              -- FILTERED, BLOCKED or FAILED; null for a normal course
    reason_code       TEXT,
    reason            TEXT
);

CREATE INDEX IF NOT EXISTS messages_of_contact ON messages (contact_id, created_at);
CREATE INDEX IF NOT EXISTS messages_listed ON messages (customer_id, created_at DESC, id);
CREATE INDEX IF NOT EXISTS messages_due ON messages (release_at) WHERE release_at IS NOT NULL;

CREATE TABLE IF NOT EXISTS idempotency (
    customer_id TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    request_id  TEXT NOT NULL,
    status      INTEGER NOT NULL,
    body        BLOB NOT NULL,
    headers     TEXT NOT NULL,  -- JSON
    created_at  TEXT NOT NULL,
    PRIMARY KEY (customer_id, key)
);
