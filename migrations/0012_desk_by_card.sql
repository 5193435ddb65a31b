-- Which desk holds a card now: asked whenever an operation moves on.
CREATE INDEX desk_live_uid ON desk_live (uid);
