-- +goose Up
-- What the nodes of one site have in common, and no other site has: their channel and their keys are named after it.
-- Made by the first server that starts.
ALTER TABLE schema_info ADD COLUMN site TEXT NOT NULL DEFAULT '';

-- TLS certificates that were got by ACME, and the account's key, so that every node has them.
CREATE TABLE certificates (
    name       TEXT PRIMARY KEY,
    data       TEXT NOT NULL,
    updated_at BIGINT NOT NULL
);

-- +goose Down
DROP TABLE certificates;
ALTER TABLE schema_info DROP COLUMN site;
