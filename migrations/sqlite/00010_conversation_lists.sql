-- +goose Up
-- A page of somebody's conversations is read in its order, however many there are: those of one's own by this index,
-- archived and not apart; those of others, of which there are few, are found by the next one and sorted.
DROP INDEX conversations_owner;
CREATE INDEX conversations_owner ON conversations (owner_id, archived, activity_at, id);
CREATE INDEX members_guests ON members (user_id, conversation_id) WHERE role <> 'owner';

-- +goose Down
DROP INDEX members_guests;
DROP INDEX conversations_owner;
CREATE INDEX conversations_owner ON conversations (owner_id, activity_at, id);
