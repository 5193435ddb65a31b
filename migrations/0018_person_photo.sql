-- Photos of holders: apart from the person, so that reading and changing people stays light, and gone for good when removed.
CREATE TABLE person_photo (
    person_id uuid PRIMARY KEY REFERENCES person ON DELETE CASCADE,
    version text NOT NULL CHECK (version ~ '^[0-9a-f]{16}$'),
    content_type text NOT NULL CHECK (content_type IN ('image/jpeg', 'image/png', 'image/webp')),
    content bytea NOT NULL CHECK (octet_length(content) BETWEEN 1 AND 262144),
    changed_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- A picture is compressed already.
ALTER TABLE person_photo ALTER COLUMN content SET STORAGE EXTERNAL;
COMMENT ON TABLE person_photo IS 'The photo of a holder, at most one each';
COMMENT ON COLUMN person_photo.person_id IS 'Whose face it is';
COMMENT ON COLUMN person_photo.version IS 'First 8 bytes of the SHA-256 of the content, hex: names the photo in its address';
COMMENT ON COLUMN person_photo.content_type IS 'What its first bytes say it is';
COMMENT ON COLUMN person_photo.content IS 'The picture as it was sent';
COMMENT ON COLUMN person_photo.changed_at IS 'When it was sent';
