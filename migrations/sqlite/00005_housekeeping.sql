-- +goose Up
-- What an operator hands to somebody who cannot sign in. Only a hash of the code is kept; the row goes when it is used.
CREATE TABLE reset_codes (
    code_hash  TEXT PRIMARY KEY,
    user_id    TEXT NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX reset_codes_user ON reset_codes (user_id);
CREATE INDEX reset_codes_expires ON reset_codes (expires_at);

-- The sweeps ask by these.
CREATE INDEX sessions_expires ON sessions (expires_at);
CREATE INDEX sessions_idle ON sessions (last_used_at) WHERE revoked_at IS NULL;
CREATE INDEX lockouts_first ON lockouts (first_at);

-- +goose Down
DROP INDEX lockouts_first;
DROP INDEX sessions_idle;
DROP INDEX sessions_expires;
DROP TABLE reset_codes;
