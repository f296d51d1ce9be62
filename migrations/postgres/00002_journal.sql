-- +goose Up
-- A trader's own records. Amounts and prices are decimals as text: neither database's numbers hold them exactly.
CREATE TABLE plans (
    user_id    UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    version    BIGINT NOT NULL,
    -- as JSON; a version is never changed, because verdicts refer to it
    body       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, version)
);

-- What the coach said of an idea, stored with the answer and never changed: what became of it is found through the
-- trades that name it.
CREATE TABLE verdicts (
    message_id   UUID PRIMARY KEY,
    question_id  UUID NOT NULL,
    user_id      UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    plan_version BIGINT NOT NULL,
    verdict      TEXT NOT NULL CHECK (verdict IN ('diamond', 'fire', 'skull')),
    confidence   INTEGER CHECK (confidence BETWEEN 0 AND 100),
    missed       TEXT NOT NULL DEFAULT '[]',
    sealed_at    BIGINT NOT NULL
);
CREATE INDEX verdicts_user ON verdicts (user_id, sealed_at);
CREATE INDEX verdicts_question ON verdicts (question_id, sealed_at);

CREATE TABLE trades (
    id          UUID PRIMARY KEY,
    user_id     UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    instrument  TEXT NOT NULL,
    kind        TEXT NOT NULL,
    side        TEXT NOT NULL CHECK (side IN ('long', 'short')),
    decision    TEXT NOT NULL CHECK (decision IN ('taken', 'skipped')),
    fills       TEXT NOT NULL DEFAULT '[]',
    fees        TEXT NOT NULL DEFAULT '0',
    stop        TEXT,
    targets     TEXT NOT NULL DEFAULT '[]',
    point_value TEXT,
    -- counted once, when the trade is written
    net         TEXT,
    risk        TEXT,
    tags        TEXT NOT NULL DEFAULT '[]',
    setup       TEXT NOT NULL DEFAULT '',
    emotion     TEXT NOT NULL DEFAULT '',
    note        TEXT NOT NULL DEFAULT '',
    message_id  UUID,
    -- the answer whose verdict this trade is the outcome of
    verdict_id  UUID,
    -- what the trade is known by in an import: its content now, and its content in the file it came from
    fingerprint TEXT NOT NULL,
    imported_as TEXT,
    imported_n  BIGINT,
    opened_at   BIGINT NOT NULL,
    closed_at   BIGINT,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL
);
CREATE UNIQUE INDEX trades_imported ON trades (user_id, imported_as, imported_n) WHERE imported_as IS NOT NULL;
CREATE INDEX trades_fingerprint ON trades (user_id, fingerprint);
CREATE INDEX trades_opened ON trades (user_id, opened_at, id);
-- holds all that statistics read, so that they need not visit the rows
CREATE INDEX trades_closed ON trades (user_id, closed_at, id, opened_at, net, risk, instrument, setup, emotion) WHERE closed_at IS NOT NULL;
CREATE INDEX trades_open ON trades (user_id) WHERE closed_at IS NULL AND decision = 'taken';

-- +goose Down
DROP TABLE trades;
DROP TABLE verdicts;
DROP TABLE plans;
