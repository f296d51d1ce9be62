-- +goose Up
-- What an image is, once for all uploads of one person that show the same one. The bytes are elsewhere, under the id.
CREATE TABLE files (
    id           TEXT PRIMARY KEY,
    user_id      TEXT NOT NULL REFERENCES users (id),
    -- of the bytes as they came, by which the same image is known again
    sha256       TEXT NOT NULL,
    format       TEXT NOT NULL CHECK (format IN ('png', 'jpeg', 'webp', 'gif')),
    -- of the small picture, and of the one for a model ('' = the original serves)
    thumb_format TEXT NOT NULL,
    model_format TEXT NOT NULL DEFAULT '',
    width        INTEGER NOT NULL,
    height       INTEGER NOT NULL,
    bytes        BIGINT NOT NULL,
    -- of all its pictures together: what counts against the person's share
    held         BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    -- when an upload last took it, so that the sweep leaves it alone for a while
    used_at      BIGINT NOT NULL,
    -- null until the bytes are where they belong
    stored_at    BIGINT,
    -- set before the bytes are removed
    deleted_at   BIGINT
);
CREATE UNIQUE INDEX files_content ON files (user_id, sha256) WHERE stored_at IS NOT NULL AND deleted_at IS NULL;
CREATE INDEX files_unfinished ON files (created_at) WHERE stored_at IS NULL OR deleted_at IS NOT NULL;

CREATE TABLE uploads (
    id              TEXT PRIMARY KEY,
    user_id         TEXT NOT NULL REFERENCES users (id),
    file_id         TEXT NOT NULL REFERENCES files (id),
    name            TEXT NOT NULL,
    conversation_id TEXT,
    -- the one message that shows it
    message_id      TEXT,
    created_at      BIGINT NOT NULL,
    deleted_at      BIGINT
);
CREATE INDEX uploads_user ON uploads (user_id);
CREATE INDEX uploads_file ON uploads (file_id);
CREATE INDEX uploads_message ON uploads (message_id) WHERE message_id IS NOT NULL;
CREATE INDEX uploads_conversation ON uploads (conversation_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX uploads_loose ON uploads (created_at) WHERE message_id IS NULL AND deleted_at IS NULL;
CREATE INDEX uploads_deleted ON uploads (file_id) WHERE deleted_at IS NOT NULL;

-- How much of the person's share is taken, in bytes.
CREATE TABLE upload_use (
    user_id TEXT PRIMARY KEY REFERENCES users (id),
    bytes   BIGINT NOT NULL
);

-- What a message shows of its images, as JSON: readers need nothing but the row.
ALTER TABLE messages ADD COLUMN uploads TEXT;

-- +goose Down
ALTER TABLE messages DROP COLUMN uploads;
DROP TABLE upload_use;
DROP TABLE uploads;
DROP TABLE files;
