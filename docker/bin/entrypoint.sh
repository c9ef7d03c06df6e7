#!/bin/bash
# Root for a moment: the secrets are files of the host's user, readable by nobody else. Copies of those this service was
# given go to memory, for the user odoo alone, and as that user the service's own script takes over.
set -euo pipefail
umask 077

mkdir -p "$SAAS_RUN"
for secret in "$SAAS_SECRETS"/*; do
    [ -e "$secret" ] || continue
    cat "$secret" > "$SAAS_RUN/${secret##*/}"
done

script="$SAAS_HOME/docker/bin/$1"
shift
[ "$(id -u)" = 0 ] || exec "$script" "$@"
chown -R "${SAAS_USER:=odoo}:" "$SAAS_RUN"
HOME=$(getent passwd "$SAAS_USER" | cut -d: -f6)
export HOME
exec setpriv --reuid="$SAAS_USER" --regid="$(id -g "$SAAS_USER")" --init-groups --inh-caps=-all -- "$script" "$@"
