-- +goose Up
-- What its twin changes is SQLite's alone.
SELECT 1;

-- +goose Down
SELECT 1;
