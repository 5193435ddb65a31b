SELECT max(version)::bigint FROM schema_migration
