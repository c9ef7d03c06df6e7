#!/usr/bin/env bash
# Generate the secrets and the settings of one deployment. No secret has a default, and nothing is ever overwritten.
#
#   docker/prepare.sh example.com    the master at https://example.com, tenants at https://<name>.example.com
#   docker/prepare.sh localhost      plain http on this machine alone, to try it
#
# Read from the environment, else asked to be filled in: SAAS_SMTP_SERVER; else by default: SAAS_HTTP_PORT=8080.
set -euo pipefail
umask 077
cd "$(dirname "$0")"

fail() {
    echo "$*" >&2
    exit 1
}

[ $# = 1 ] || fail "Name the domain: docker/prepare.sh example.com"
domain=$1
[[ "$domain" =~ ^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$ ]] || fail "$domain is no domain: lower-case letters, digits, hyphens, dots."
for existing in secrets .env; do
    [ ! -e "$existing" ] || fail "docker/$existing exists and is not overwritten: a database made with it would be lost." \
        "To renew single secrets see docs/operations.md; for a new deployment move docker/secrets and docker/.env away."
done
for program in ssh-keygen base64; do
    command -v "$program" > /dev/null || fail "$program is missing: install it (Debian: openssh-client, coreutils)."
done

# 32 random bytes in URL-safe base64, which is also the form of a key of the vault
random() {
    head -c 32 /dev/urandom | base64 | tr '+/' '-_' | tr -d '\n'
}

rm -rf secrets.new          # what an interrupted attempt left
mkdir secrets.new
for name in postgres_password master_db_password tenant_db_password admin_password; do
    random | tr -d '=' > "secrets.new/$name"
done
random > secrets.new/saas_secret_key
ssh-keygen -q -t ed25519 -N '' -C node -f secrets.new/node_host_key
ssh-keygen -q -t ed25519 -N '' -C master -f secrets.new/node_client_key
chmod 600 secrets.new/*

port=${SAAS_HTTP_PORT:-8080}
if [ "$domain" = localhost ]; then
    scheme=http host=localhost:$port names='localhost 127.0.0.1'
else
    scheme=https host=$domain names="$domain www.$domain"
fi
cat > .env.new <<END
# Settings of this deployment, none of them secret; made by prepare.sh and meant to be edited.
# Addresses that people use. TLS ends before the router: at the tunnel or at a balancer.
SAAS_MASTER_URL=$scheme://$host
SAAS_MASTER_NAMES=$names
SAAS_TENANT_URL=$scheme://{name}.$host
SAAS_SCHEME=$scheme
# The router's port on this machine's loopback address, for a balancer of your own. Let the balancer overwrite the
# header CF-Connecting-IP with the visitor's address, and have it believed; else all visitors share one limit:
# SAAS_MORE_PROXIES=set_real_ip_from 172.31.89.0/24;
SAAS_HTTP_PORT=$port
# Outgoing mail; log-in and encryption are set in the backend (Settings, Outgoing Mail Servers).
SAAS_SMTP_SERVER=${SAAS_SMTP_SERVER:-}
SAAS_SMTP_PORT=25
SAAS_MAIL_FROM=saas@$domain
# Who owns the secrets' files (with a rootless engine: 0).
SAAS_UID=$(id -u)
END
chmod a+r db/pg_hba.conf        # read by users of the containers, whatever this checkout's own modes
chmod a+rx tenant-addons
mv secrets.new secrets
mv .env.new .env
cat <<END
docker/secrets and docker/.env are made. Keep a copy of docker/secrets/saas_secret_key apart from the database's backups.
Next: $([ -n "${SAAS_SMTP_SERVER:-}" ] || echo 'name your mail server in docker/.env (SAAS_SMTP_SERVER), then ')from the folder docker
    docker compose up --build --detach --wait
    docker compose run --rm register
The administrator's password (login admin) is in docker/secrets/admin_password.
END
