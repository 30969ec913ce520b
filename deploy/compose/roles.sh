#!/bin/sh
# Run once by the image of PostgreSQL when its volume is empty: an owner that migrates and a role that works.
set -eu
psql --set=ON_ERROR_STOP=1 --username "${POSTGRES_USER:-postgres}" --dbname postgres \
    --set=owner_password="$OWNER_PASSWORD" --set=app_password="$APP_PASSWORD" <<'SQL'
CREATE ROLE bahi_owner LOGIN PASSWORD :'owner_password';
CREATE ROLE bahi_app LOGIN PASSWORD :'app_password' CONNECTION LIMIT 80;
CREATE DATABASE bahi OWNER bahi_owner;
REVOKE ALL ON DATABASE bahi FROM PUBLIC;
GRANT CONNECT ON DATABASE bahi TO bahi_app;
SQL
