-- +goose Up
CREATE TABLE spending_months (
    user_id      UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    month        TEXT NOT NULL, -- UTC, 2026-03
    spent_micros BIGINT NOT NULL,
    held_micros  BIGINT NOT NULL, -- the sum of the open holds
    PRIMARY KEY (user_id, month)
);

CREATE TABLE spending_holds (
    id             UUID PRIMARY KEY,
    user_id        UUID NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    answer_id      UUID NOT NULL,
    attempt        BIGINT NOT NULL,
    month          TEXT NOT NULL,
    micros         BIGINT NOT NULL,
    lasts_until    BIGINT NOT NULL,
    settled_micros BIGINT,
    closed_at      BIGINT -- null: the money is still set aside
);
CREATE INDEX spending_holds_open ON spending_holds (lasts_until) WHERE closed_at IS NULL;
CREATE INDEX spending_holds_closed ON spending_holds (closed_at) WHERE closed_at IS NOT NULL;
CREATE INDEX spending_holds_answer ON spending_holds (answer_id) WHERE closed_at IS NULL;
CREATE INDEX spending_holds_user ON spending_holds (user_id);

-- +goose Down
DROP TABLE spending_holds;
DROP TABLE spending_months;
