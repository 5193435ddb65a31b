-- Where a live site's screens find the training server.
ALTER TABLE site ADD COLUMN training_url text
    CHECK (training_url ~ '^https?://[^[:space:]"<>]+$' AND char_length(training_url) <= 200);
COMMENT ON COLUMN site.training_url IS 'Address of the training server; null: none is known';
