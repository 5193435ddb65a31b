SELECT version, fingerprint FROM site_key ORDER BY version
