-- +goose Up
-- What operators' tools show instead of a sign-in. Only a digest is kept; the prefix tells tokens apart in a list.
CREATE TABLE operator_tokens (
    id           UUID PRIMARY KEY,
    name         TEXT NOT NULL,
    scope        TEXT NOT NULL CHECK (scope IN ('admin', 'read-only')),
    prefix       TEXT NOT NULL,
    digest       TEXT NOT NULL UNIQUE,
    created_at   BIGINT NOT NULL,
    created_by   TEXT NOT NULL,
    last_used_at BIGINT,
    expires_at   BIGINT,
    revoked_at   BIGINT
);
-- the audit log tells who did something by this name
CREATE UNIQUE INDEX operator_tokens_name ON operator_tokens (name) WHERE revoked_at IS NULL;

-- +goose Down
DROP TABLE operator_tokens;
