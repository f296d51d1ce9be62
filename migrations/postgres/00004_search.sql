-- +goose Up
-- How far the full-text index has come: whatever changed at a later revision is still to be indexed. What was there
-- before is, so the server indexes it after this.
ALTER TABLE conversations ADD COLUMN indexed_rev BIGINT NOT NULL DEFAULT 0;
CREATE INDEX conversations_unindexed ON conversations (id) WHERE indexed_rev < last_rev AND deleted_at IS NULL;

-- The words of messages, made by the program, so that both databases find the same.
CREATE TABLE message_fts (
    message_id      UUID PRIMARY KEY REFERENCES messages (id) ON DELETE CASCADE,
    conversation_id UUID NOT NULL,
    created_at      BIGINT NOT NULL,
    words           TSVECTOR NOT NULL
);
CREATE INDEX message_fts_words ON message_fts USING gin (words);

-- +goose Down
DROP TABLE message_fts;
DROP INDEX conversations_unindexed;
ALTER TABLE conversations DROP COLUMN indexed_rev;
