#!/bin/bash
# A node: the tenants' Odoo, the router before it, and the sshd by which the master reaches files and router. All of
# them run as one unprivileged user. When one ends the container does, and starts again.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$SAAS_HOME/docker/bin/lib.sh"

router=$SAAS_ROUTER_DIR
mkdir -p "$router/run" "$SAAS_DATA_DIR/filestore"
[ -e "$router/routes.conf" ] || cp "$SAAS_HOME/config/nginx/routes.empty.conf" "$router/routes.conf"

workers=        # of nginx: the user we are; root's would become somebody who cannot read our files
[ "$(id -u)" != 0 ] || workers='user root root;'
configure_odoo tenant '' ADDONS_PATH="$SAAS_TENANT_ADDONS" SERVER_WIDE_MODULES="$SAAS_MODULES,dbfilter_from_header"
render "$SAAS_HOME/config/nginx/nginx.conf.in" "$router/nginx.conf" \
    USER="$workers" LISTEN="$SAAS_ROUTER_LISTEN" MASTER_NAMES="$SAAS_MASTER_NAMES" \
    MASTER_HTTP="$SAAS_MASTER_HTTP" MASTER_WS="$SAAS_MASTER_WS" \
    TENANT_HTTP="$SAAS_ADDRESS:$SAAS_ODOO_PORT" TENANT_WS="$SAAS_ADDRESS:$SAAS_GEVENT_PORT" \
    PUBLIC_SCHEME="$SAAS_SCHEME" TRUSTED_PROXIES="$SAAS_TRUSTED_PROXIES" \
    MAX_BODY=128m REQUEST_RATE=50r/s LOGIN_RATE=30r/m \
    ROUTES_FILE="$router/routes.conf" PAGES_DIR="$SAAS_HOME/config/nginx/pages" STATE_DIR="$router/run"
render "$bin/../sshd_config.in" "$SAAS_RUN/sshd_config" \
    LISTEN="$SAAS_ADDRESS:$SAAS_SSH_PORT" HOME="$SAAS_HOME" RUN="$SAAS_RUN" ODOO="${SAAS_ODOO:-/usr/bin/odoo}" \
    USER="$(id -un)"
echo "restrict $(cat "$SAAS_RUN/node_client_key.pub")" > "$SAAS_RUN/authorized_keys"

# nginx keeps its logs open: large ones are moved aside and it is told to begin new ones.
rotate_logs() {
    while true; do
        read -r -t 600 <> <(:) || true          # a sleep that leaves no process behind
        if [ -n "$(find "$router/run" -name '*.log' -size +20M -print -exec mv {} {}.1 \;)" ]; then
            "$nginx" -c "$router/nginx.conf" -s reopen || true
        fi
    done
}

nginx=${SAAS_NGINX:-/usr/sbin/nginx}
"$nginx" -t -c "$router/nginx.conf"
"$bin/saas-odoo" &
odoo=$!
"$nginx" -c "$router/nginx.conf" -g 'daemon off;' &
"${SAAS_SSHD:-/usr/sbin/sshd}" -D -e -f "$SAAS_RUN/sshd_config" &
sshd=$!
rotate_logs &
rotation=$!

# nginx lets the requests end that Odoo still answers.
stop() {
    "$nginx" -c "$router/nginx.conf" -s quit 2> /dev/null || true
    kill "$odoo" "$sshd" "$rotation" 2> /dev/null || true
    wait
    exit "$1"
}
trap 'stop 143' TERM INT
code=0
wait -n || code=$?
echo "A process of this node ended with $code; the others are stopped too." >&2
stop 1
