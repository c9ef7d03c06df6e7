#!/bin/bash
# The health checks: `healthy.sh master` or `healthy.sh node`. Silence and 0, or a line that says what does not answer.
set -u

fail() {
    echo "$1 does not answer" >&2
    exit 1
}

curl --fail --silent --output /dev/null --max-time 8 "http://$SAAS_ADDRESS:$SAAS_ODOO_PORT/web/health" || fail Odoo
[ "$1" = node ] || exit 0
# For a host without a route the router answers 404 by itself.
answer=$(curl --silent --output /dev/null --max-time 4 --write-out '%{http_code}' --header 'Host: nobody.invalid' \
    "http://$SAAS_ADDRESS:$SAAS_ROUTER_PORT/")
[ "$answer" = 404 ] || fail nginx
read -r -t 4 banner 2> /dev/null < "/dev/tcp/$SAAS_ADDRESS/$SAAS_SSH_PORT" || fail sshd
[[ "$banner" == SSH-* ]] || fail sshd
