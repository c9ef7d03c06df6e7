#!/usr/bin/env bash
# Keep the token of the tunnel, and note in docker/.env of which account and tunnel it is, so that `register` can tell the
# master. Repeat it with a new token.
#
#   docker/tunnel.sh             then paste the token and end with Enter and Ctrl-D
set -euo pipefail
umask 077
cd "$(dirname "$0")"

fail() {
    echo "$*" >&2
    exit 1
}

[ -d secrets ] && [ -f .env ] || fail "There are no secrets and settings yet: docker/prepare.sh first."
[ ! -t 0 ] || echo "Paste the tunnel's token, end with Enter and Ctrl-D:" >&2
token=$(tr -d '[:space:]')
text=$(printf %s "$token" | base64 -d 2> /dev/null | tr -d '\0') || text=''

# part NAME PATTERN: a value of the token, which is JSON in base64
part() {
    sed -nE "s/.*\"$1\" *: *\"($2)\".*/\1/p" <<< "$text"
}

account=$(part a '[0-9a-f]{32}') tunnel=$(part t '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}')
[ -n "$account" ] && [ -n "$tunnel" ] || fail "This is no tunnel's token; nothing was kept. Copy it from the page of the" \
    "tunnel at Cloudflare: it is the long word at the end of the command to install a connector, and begins with eyJ."

printf '%s\n' "$token" > secrets/tunnel_token.new
{
    awk '!/^SAAS_(CLOUDFLARE_ACCOUNT|TUNNEL_ID)=/' .env
    echo "SAAS_CLOUDFLARE_ACCOUNT=$account"
    echo "SAAS_TUNNEL_ID=$tunnel"
} > .env.new
mv secrets/tunnel_token.new secrets/tunnel_token
mv .env.new .env
cat <<END
docker/secrets/tunnel_token and docker/.env hold the tunnel $tunnel. Next, from the folder docker
    docker compose --profile tunnel up --detach --force-recreate cloudflared
    docker compose run --rm register
END
