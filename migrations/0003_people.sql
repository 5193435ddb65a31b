-- Departments (a tree) and the people who hold cards.

CREATE TABLE department (
    id uuid PRIMARY KEY,
    parent_id uuid REFERENCES department,
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 120),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    version bigint NOT NULL DEFAULT 1,
    CHECK (parent_id <> id)
);
CREATE UNIQUE INDEX department_name ON department (coalesce(parent_id, '00000000-0000-0000-0000-000000000000'), name);
COMMENT ON TABLE department IS 'Departments: a tree';
COMMENT ON COLUMN department.id IS 'Id made by the caller (UUIDv7)';
COMMENT ON COLUMN department.parent_id IS 'Department it belongs to; null at the top';
COMMENT ON COLUMN department.name IS 'Name, unique under its parent';
COMMENT ON COLUMN department.created_at IS 'When it was made';
COMMENT ON COLUMN department.version IS 'Counts changes; the ETag';

CREATE TABLE person (
    id uuid PRIMARY KEY,
    personnel_no text CHECK (char_length(personnel_no) BETWEEN 1 AND 40),
    name text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 120),
    department_id uuid REFERENCES department,
    external_id text CHECK (char_length(external_id) BETWEEN 1 AND 200),
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'inactive', 'left')),
    name_grams text[] NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    version bigint NOT NULL DEFAULT 1
);
CREATE UNIQUE INDEX person_personnel_no ON person (personnel_no);
CREATE UNIQUE INDEX person_external_id ON person (external_id);
CREATE INDEX person_department ON person (department_id, id);
COMMENT ON TABLE person IS 'Holders of cards';
COMMENT ON COLUMN person.id IS 'Id made by the caller (UUIDv7)';
COMMENT ON COLUMN person.personnel_no IS 'Personnel number, unique if given';
COMMENT ON COLUMN person.name IS 'Name as written, NFC';
COMMENT ON COLUMN person.department_id IS 'Department';
COMMENT ON COLUMN person.external_id IS 'Id in the HR system, unique if given';
COMMENT ON COLUMN person.state IS 'active; inactive: no new cards; left: the chain of leaving has run';
COMMENT ON COLUMN person.name_grams IS 'One- and two-character pieces of the folded name, kept by a trigger, for the search';
COMMENT ON COLUMN person.created_at IS 'When the person was made';
COMMENT ON COLUMN person.version IS 'Counts changes; the ETag';
