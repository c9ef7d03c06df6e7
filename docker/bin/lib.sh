# Sourced by the scripts of each service.
# shellcheck shell=bash
set -euo pipefail
umask 077
bin="$SAAS_HOME/docker/bin"

# render TEMPLATE FILE NAME=value…: every @NAME@ of the template as plain text
render() {
    python3 "$bin/render.py" "$@"
}

# configure_odoo ROLE DATABASE NAME=value…: the configuration and the password file of this container's Odoo
configure_odoo() {
    local role=$1 database=$2
    shift 2
    echo "*:*:*:saas_$role:$(sed 's/[\\:]/\\&/g' "$SAAS_RUN/${role}_db_password")" > "$SAAS_RUN/pgpass"
    # The database manager is closed (list_db); that nobody knows its password is a second lock.
    render "$SAAS_HOME/config/odoo.conf.in" "$SAAS_RUN/odoo.conf" \
        DB_HOST="$SAAS_DB_HOST" DB_PORT="$SAAS_DB_PORT" DB_USER="saas_$role" DB_NAME="$database" DB_MAXCONN=32 \
        ADMIN_PASSWD="$(head -c 32 /dev/urandom | base64 --wrap=0)" DATA_DIR="$SAAS_DATA_DIR" \
        INTERFACE="$SAAS_ADDRESS" HTTP_PORT="$SAAS_ODOO_PORT" GEVENT_PORT="$SAAS_GEVENT_PORT" \
        WORKERS="$SAAS_WORKERS" CRON_THREADS="$SAAS_CRON_THREADS" \
        SMTP_SERVER="$SAAS_SMTP_SERVER" SMTP_PORT="$SAAS_SMTP_PORT" EMAIL_FROM="$SAAS_MAIL_FROM" "$@"
}
