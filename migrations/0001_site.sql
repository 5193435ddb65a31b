-- The one site of this database: its settings, and what is sealed for ever.

CREATE EXTENSION IF NOT EXISTS btree_gin;

CREATE TABLE site (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    site_id integer NOT NULL DEFAULT 1 CHECK (site_id BETWEEN 1 AND 65535),
    name text NOT NULL DEFAULT '' CHECK (char_length(name) <= 120),
    mode text NOT NULL DEFAULT 'live' CHECK (mode IN ('training', 'live')),
    currency_code text NOT NULL DEFAULT 'CNY' CHECK (currency_code ~ '^[A-Z]{3}$'),
    currency_exponent smallint NOT NULL DEFAULT 2 CHECK (currency_exponent BETWEEN 0 AND 2),
    time_zone text NOT NULL DEFAULT 'UTC',
    day_starts_at time NOT NULL DEFAULT '00:00',
    consumption_limit_minor bigint NOT NULL DEFAULT 9999900 CHECK (consumption_limit_minor BETWEEN 1 AND 16777215),
    water_limit_minor bigint NOT NULL DEFAULT 99999 CHECK (water_limit_minor BETWEEN 1 AND 131071),
    times_limit integer NOT NULL DEFAULT 9999 CHECK (times_limit BETWEEN 1 AND 16777215),
    times_price_minor bigint NOT NULL DEFAULT 100 CHECK (times_price_minor BETWEEN 0 AND 1000000),
    uses_times boolean NOT NULL DEFAULT true,
    presets_minor bigint[] NOT NULL DEFAULT '{5000,10000,20000,50000}'
        CHECK (cardinality(presets_minor) BETWEEN 1 AND 8),
    withdraw_step_up_minor bigint NOT NULL DEFAULT 50000 CHECK (withdraw_step_up_minor >= 0),
    drawer_may_go_negative boolean NOT NULL DEFAULT true,
    card_valid_years smallint CHECK (card_valid_years BETWEEN 1 AND 50),
    start_sector smallint NOT NULL DEFAULT 1 CHECK (start_sector BETWEEN 1 AND 9),
    key_version smallint NOT NULL DEFAULT 1 CHECK (key_version BETWEEN 1 AND 255),
    system_password_sealed bytea,
    cards_sealed_at timestamptz,
    money_sealed_at timestamptz,
    version bigint NOT NULL DEFAULT 1
);
COMMENT ON TABLE site IS 'The site of this database and its settings; exactly one row';
COMMENT ON COLUMN site.only_row IS 'Always true: there is one row';
COMMENT ON COLUMN site.site_id IS 'Number of the site on its cards and in its keys; sealed by the first issued card';
COMMENT ON COLUMN site.name IS 'Name shown on screens and receipts';
COMMENT ON COLUMN site.mode IS 'training: simulated readers only; live: real ones only. Fixed at set-up';
COMMENT ON COLUMN site.currency_code IS 'ISO 4217 code; sealed by the first transfer';
COMMENT ON COLUMN site.currency_exponent IS 'Digits behind the point (ISO 4217); 3 does not fit a water purse';
COMMENT ON COLUMN site.time_zone IS 'IANA name; gives the business day';
COMMENT ON COLUMN site.day_starts_at IS 'Local time at which the business day begins';
COMMENT ON COLUMN site.consumption_limit_minor IS 'Greatest stored + subsidy, inclusive; 24 bits on the card';
COMMENT ON COLUMN site.water_limit_minor IS 'Greatest water balance, inclusive; 17 bits on the card';
COMMENT ON COLUMN site.times_limit IS 'Greatest number of times on a card, inclusive';
COMMENT ON COLUMN site.times_price_minor IS 'Price of one time';
COMMENT ON COLUMN site.uses_times IS 'Whether desks read and show the number-of-times purse';
COMMENT ON COLUMN site.presets_minor IS 'Amounts offered at recharge and withdrawal';
COMMENT ON COLUMN site.withdraw_step_up_minor IS 'Withdrawals above this need the password once more';
COMMENT ON COLUMN site.drawer_may_go_negative IS 'Whether cash may be paid out of an empty drawer';
COMMENT ON COLUMN site.card_valid_years IS 'Validity of new cards in years; null: they never expire';
COMMENT ON COLUMN site.start_sector IS 'Physical sector of logical sector 0; sealed by the first issued card';
COMMENT ON COLUMN site.key_version IS 'Version of the site key given to new cards';
COMMENT ON COLUMN site.system_password_sealed IS 'The four digits in a secretbox: nonce and box; never shown';
COMMENT ON COLUMN site.cards_sealed_at IS 'When the first issued card sealed password, site number and start sector';
COMMENT ON COLUMN site.money_sealed_at IS 'When the first transfer sealed the currency';
COMMENT ON COLUMN site.version IS 'Counts changes; the ETag';
INSERT INTO site DEFAULT VALUES;

CREATE TABLE site_key (
    version smallint PRIMARY KEY CHECK (version BETWEEN 1 AND 255),
    fingerprint bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    created_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON TABLE site_key IS 'Fingerprints of the site keys in use; the keys themselves are in a file of each server';
COMMENT ON COLUMN site_key.version IS 'Key version as written on cards';
COMMENT ON COLUMN site_key.fingerprint IS 'HMAC-SHA256 of the key over the letters fp';
COMMENT ON COLUMN site_key.created_at IS 'When a server first came with this key';
