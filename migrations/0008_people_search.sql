-- Finding people by name or number: folded columns and pieces kept by a trigger, and the indexes over them.

CREATE FUNCTION fn_fold(p_text text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT regexp_replace(lower(normalize(p_text, NFKC)), '\s+', '', 'g')
$$;
COMMENT ON FUNCTION fn_fold(text) IS 'A text as it is searched: letter case, width and blanks do not matter';

-- Chinese names have two or three characters, so three-character pieces would find nothing inside them.
CREATE FUNCTION fn_grams(p_folded text) RETURNS text[]
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(array_agg(DISTINCT substr(p_folded, at, size)), '{}')
      FROM generate_series(1, char_length(p_folded)) AS at, generate_series(1, 2) AS size
     WHERE at + size <= char_length(p_folded) + 1
$$;
COMMENT ON FUNCTION fn_grams(text) IS 'The one- and two-character pieces of a folded text';

ALTER TABLE person ADD COLUMN name_folded text COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE person ADD COLUMN personnel_folded text COLLATE "C";
COMMENT ON COLUMN person.name_folded IS 'Name as it is searched, kept by a trigger';
COMMENT ON COLUMN person.personnel_folded IS 'Personnel number as it is searched, kept by a trigger';

CREATE FUNCTION trigger_person_fold() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    NEW.name_folded := fn_fold(NEW.name);
    NEW.personnel_folded := fn_fold(NEW.personnel_no);
    NEW.name_grams := fn_grams(NEW.name_folded);
    RETURN NEW;
END
$$;
COMMENT ON FUNCTION trigger_person_fold() IS 'Keeps what the search reads in step with name and number';
CREATE TRIGGER person_fold BEFORE INSERT OR UPDATE OF name, personnel_no ON person
    FOR EACH ROW EXECUTE FUNCTION trigger_person_fold();
UPDATE person SET name = name;

-- Without the list of pending entries: a search would read it from end to end after every import.
CREATE INDEX person_name_grams ON person USING gin (name_grams) WITH (fastupdate = off);
CREATE INDEX person_name_folded ON person (name_folded, id);
CREATE INDEX person_personnel_folded ON person (personnel_folded, id);
CREATE INDEX card_no_digits ON card ((card_no::text) COLLATE "C");
CREATE INDEX card_no_reversed ON card ((reverse(card_no::text)) COLLATE "C");
CREATE INDEX card_printed_folded ON card ((fn_fold(printed_no)) COLLATE "C");
