-- +goose Up
-- Times are microseconds since 1970 UTC; ids are UUIDv7 made by the program.
CREATE TABLE schema_info (
    id              INTEGER PRIMARY KEY CHECK (id = 1),
    -- a program whose newest migration is older than this must not run here
    compatible_from BIGINT NOT NULL
);
INSERT INTO schema_info (id, compatible_from) VALUES (1, 1);

CREATE TABLE users (
    id              UUID PRIMARY KEY,
    email           TEXT,
    email_key       TEXT UNIQUE,
    username        TEXT,
    username_key    TEXT UNIQUE,
    display_name    TEXT NOT NULL DEFAULT '',
    timezone        TEXT NOT NULL DEFAULT 'UTC',
    password_hash   TEXT NOT NULL DEFAULT '',
    role            TEXT NOT NULL CHECK (role IN ('user', 'admin')),
    tier            TEXT NOT NULL,
    created_at      BIGINT NOT NULL,
    last_active_at  BIGINT NOT NULL,
    auth_changed_at BIGINT NOT NULL,
    disabled_at     BIGINT,
    deleted_at      BIGINT
);
CREATE INDEX users_auth_changed ON users (auth_changed_at);

CREATE TABLE sessions (
    id           UUID PRIMARY KEY,
    user_id      UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    address      TEXT NOT NULL DEFAULT '',
    user_agent   TEXT NOT NULL DEFAULT '',
    created_at   BIGINT NOT NULL,
    last_used_at BIGINT NOT NULL,
    expires_at   BIGINT NOT NULL,
    revoked_at   BIGINT
);
CREATE INDEX sessions_user ON sessions (user_id, created_at);
CREATE INDEX sessions_revoked ON sessions (revoked_at) WHERE revoked_at IS NOT NULL;

CREATE TABLE lockouts (
    key          TEXT PRIMARY KEY,
    failures     INTEGER NOT NULL,
    first_at     BIGINT NOT NULL,
    locked_until BIGINT
);

CREATE TABLE tiers (
    name       TEXT PRIMARY KEY,
    limits     TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

CREATE TABLE audit (
    id      UUID PRIMARY KEY,
    at      BIGINT NOT NULL,
    actor   TEXT NOT NULL,
    action  TEXT NOT NULL,
    target  TEXT NOT NULL DEFAULT '',
    detail  TEXT NOT NULL DEFAULT '',
    address TEXT NOT NULL DEFAULT ''
);
CREATE INDEX audit_at ON audit (at, id);

CREATE TABLE conversations (
    id              UUID PRIMARY KEY,
    owner_id        UUID NOT NULL REFERENCES users (id),
    title           TEXT NOT NULL DEFAULT '',
    title_key       TEXT NOT NULL DEFAULT '',
    title_given     BOOLEAN NOT NULL DEFAULT FALSE,
    mode            TEXT NOT NULL CHECK (mode IN ('analysis', 'psychology', 'training')),
    coach           TEXT NOT NULL CHECK (coach IN ('always', 'mention', 'off')),
    archived        BOOLEAN NOT NULL DEFAULT FALSE,
    last_seq        BIGINT NOT NULL DEFAULT 0,
    last_rev        BIGINT NOT NULL DEFAULT 0,
    message_count   BIGINT NOT NULL DEFAULT 0,
    last_message_at BIGINT,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    -- what lists are sorted by: the newest message, or the making
    activity_at     BIGINT NOT NULL,
    deleted_at      BIGINT
);
CREATE INDEX conversations_owner ON conversations (owner_id, activity_at, id);
CREATE INDEX conversations_deleted ON conversations (deleted_at) WHERE deleted_at IS NOT NULL;

CREATE TABLE members (
    conversation_id UUID NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    user_id         UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    role            TEXT NOT NULL CHECK (role IN ('owner', 'member', 'viewer')),
    joined_at       BIGINT NOT NULL,
    last_read_seq   BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (conversation_id, user_id)
);
CREATE INDEX members_user ON members (user_id, conversation_id);

CREATE TABLE messages (
    id                UUID PRIMARY KEY,
    conversation_id   UUID NOT NULL REFERENCES conversations (id) ON DELETE CASCADE,
    seq               BIGINT NOT NULL,
    rev               BIGINT NOT NULL,
    user_id           UUID REFERENCES users (id),
    parent_id         UUID,
    type              TEXT NOT NULL CHECK (type IN ('user', 'ai', 'system')),
    content           TEXT NOT NULL DEFAULT '',
    status            TEXT NOT NULL CHECK (status IN ('sent', 'pending', 'streaming', 'completed', 'failed', 'stopped')),
    image_url         TEXT,
    verdict           TEXT CHECK (verdict IN ('diamond', 'fire', 'skull')),
    confidence        INTEGER CHECK (confidence BETWEEN 0 AND 100),
    analysis          TEXT,
    mode              TEXT NOT NULL,
    model             TEXT,
    prompt_tokens     BIGINT,
    completion_tokens BIGINT,
    cost_micros       BIGINT,
    error_code        TEXT,
    error_message     TEXT,
    client_message_id TEXT,
    body_hash         TEXT,
    created_at        BIGINT NOT NULL,
    updated_at        BIGINT NOT NULL,
    edited_at         BIGINT,
    deleted_at        BIGINT,
    -- the answer is its own job: who asked for it, who writes it and until when
    asked_by          UUID,
    lease_owner       TEXT,
    lease_until       BIGINT,
    attempt           INTEGER NOT NULL DEFAULT 0,
    stop_requested    BOOLEAN NOT NULL DEFAULT FALSE,
    resets_at         BIGINT,
    UNIQUE (conversation_id, seq),
    UNIQUE (conversation_id, rev)
);
-- also finds what one person wrote, when the account is deleted
CREATE UNIQUE INDEX messages_client_id ON messages (user_id, client_message_id) WHERE user_id IS NOT NULL;
CREATE INDEX messages_parent ON messages (parent_id, seq) WHERE parent_id IS NOT NULL;
CREATE INDEX messages_open_answers ON messages (conversation_id, seq) WHERE status IN ('pending', 'streaming');

CREATE TABLE answer_days (
    user_id UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    day     TEXT NOT NULL,
    used    BIGINT NOT NULL,
    PRIMARY KEY (user_id, day)
);

-- +goose Down
DROP TABLE answer_days;
DROP TABLE messages;
DROP TABLE members;
DROP TABLE conversations;
DROP TABLE audit;
DROP TABLE tiers;
DROP TABLE lockouts;
DROP TABLE sessions;
DROP TABLE users;
DROP TABLE schema_info;
