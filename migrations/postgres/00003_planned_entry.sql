-- +goose Up
-- The price at which a trade that was passed by would have been entered: without it nobody can say later what it would
-- have made.
ALTER TABLE trades ADD COLUMN planned_entry TEXT;

-- +goose Down
ALTER TABLE trades DROP COLUMN planned_entry;
