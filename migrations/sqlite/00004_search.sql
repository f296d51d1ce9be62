-- +goose Up
-- How far the full-text index has come: whatever changed at a later revision is still to be indexed. What was there
-- before is, so the server indexes it after this.
ALTER TABLE conversations ADD COLUMN indexed_rev BIGINT NOT NULL DEFAULT 0;
CREATE INDEX conversations_unindexed ON conversations (id) WHERE indexed_rev < last_rev AND deleted_at IS NULL;

-- The words of messages, made by the program, so that both databases find the same. The index holds no text: a row here
-- says whose words are under a number.
CREATE TABLE message_fts_rows (
    n               INTEGER PRIMARY KEY,
    message_id      TEXT NOT NULL UNIQUE REFERENCES messages (id) ON DELETE CASCADE,
    conversation_id TEXT NOT NULL,
    created_at      BIGINT NOT NULL
);
CREATE VIRTUAL TABLE message_fts USING fts5 (words, content = '', contentless_delete = 1, detail = none, tokenize = "ascii tokenchars '.-_'");
-- +goose StatementBegin
CREATE TRIGGER message_fts_gone AFTER DELETE ON message_fts_rows
BEGIN
    DELETE FROM message_fts WHERE rowid = old.n;
END;
-- +goose StatementEnd

-- +goose Down
DROP TRIGGER message_fts_gone;
DROP TABLE message_fts;
DROP TABLE message_fts_rows;
DROP INDEX conversations_unindexed;
ALTER TABLE conversations DROP COLUMN indexed_rev;
