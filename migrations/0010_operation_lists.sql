-- Desk acts in the order in which they were made: all of them, and those of one desk.
CREATE INDEX operation_made ON operation (created_at, id);
CREATE INDEX operation_desk ON operation (desk_id, created_at, id);
