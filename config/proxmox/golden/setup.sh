#!/bin/sh
# Makes a Debian container one that tenants can be cloned from: PostgreSQL, Odoo and the units that start them.
#
# Run as root inside the container, from the folder that holds this file. It may be run again at any time, also after
# having been killed. What Debian's packages are there is looked up first; the network is used only for what is missing.
#
#   ODOO_SOURCE   empty: the tree in /opt/odoo, or an installed package; else a .deb: a path in here, or an https address
#   ODOO_SHA256   of the .deb, empty for none
#
# Its lines that begin with "saas:" tell how far it is.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
source=${ODOO_SOURCE:-} digest=${ODOO_SHA256:-}
export DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
umask 022

PACKAGES='postgresql python3 python3-psycopg2 iproute2 util-linux procps ca-certificates'

say() { echo "saas: $*"; }
fail() { echo "saas: $*" >&2; exit 1; }

missing() {
    for package in "$@"; do
        state=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
        [ "$state" = installed ] || echo "$package"
    done
}

debian() {
    . /etc/os-release
    [ "${ID:-}" = debian ] || fail "this container is ${PRETTY_NAME:-unknown}; the recipe is for Debian"
    command -v systemctl >/dev/null || fail 'this container has no systemd, which starts PostgreSQL and Odoo'
}

install_packages() {
    # Unpacking must start nothing: the database's cluster is made and started below, once it is configured.
    wanted=$(missing $PACKAGES)
    [ -n "$wanted" ] || return 0
    say "installing $(echo $wanted)"
    apt-get -q -o Acquire::Retries=3 update
    apt-get -q -y -o Acquire::Retries=3 --no-install-recommends install $wanted
}

account() {
    getent passwd odoo >/dev/null ||
        useradd --system --user-group --home-dir /var/lib/odoo --shell /usr/sbin/nologin odoo
    install -d -o odoo -g odoo -m 0750 /var/lib/odoo
    install -d -m 0755 /etc/odoo /var/lib/saas
}

package_file() {
    case $source in
        https://*) say 'fetching Odoo'
                   python3 -I "$here/bin/fetch" "$source" /var/lib/saas/odoo.deb; file=/var/lib/saas/odoo.deb ;;
        /*.deb) file=$source ;;
        *) fail "Odoo's source must be a .deb: a path in the container or an https address; it is $source" ;;
    esac
    [ -f "$file" ] || fail "$file is not in the container"
    [ -z "$digest" ] || echo "$digest  $file" | sha256sum --check --status || fail "$file is not the file with SHA-256 $digest"
}

install_odoo() {
    [ -n "$source" ] || return 0
    package_file
    name=$(dpkg-deb -f "$file" Package) version=$(dpkg-deb -f "$file" Version)
    if [ "$(dpkg-query -W -f '${db:Status-Status} ${Version}' "$name" 2>/dev/null || true)" != "installed $version" ]; then
        say "installing $name $version"
        apt-get -q -o Acquire::Retries=3 update || true     # its libraries may all be there already
        apt-get -q -y --no-install-recommends -o Dpkg::Options::=--force-confold install "$file"
    fi
    rm -f /var/lib/saas/odoo.deb
}

copy_files() {
    install -d -m 0755 /opt/saas/bin
    install -m 0755 "$here"/bin/* /opt/saas/bin/
    install -m 0644 "$here"/units/* /etc/systemd/system/
    install -d -m 0755 /etc/systemd/journald.conf.d
    install -m 0644 "$here/journald.conf" /etc/systemd/journald.conf.d/saas.conf
    addons=''
    for folder in /opt/odoo/addons /opt/odoo/src/addons /opt/odoo-addons; do
        [ ! -d "$folder" ] || addons="${addons:+$addons,}$folder"
    done
    # Debian's package brings a file of that name; from the recipe on it is ours. first-boot gives it its password.
    sed "s|@ADDONS_PATH@|$addons|" "$here/odoo.conf.in" > /etc/odoo/odoo.conf.new
    chown root:odoo /etc/odoo/odoo.conf.new
    chmod 0640 /etc/odoo/odoo.conf.new
    mv /etc/odoo/odoo.conf.new /etc/odoo/odoo.conf
}

database_server() {
    version=$(ls /usr/lib/postgresql | sort -n | tail -n 1)
    settings=/etc/postgresql/$version/main
    [ -d "$settings" ] || pg_createcluster "$version" main -- --locale=C.UTF-8 --encoding=UTF8
    install -d -o postgres -g postgres -m 0755 "$settings/conf.d"
    install -o postgres -g postgres -m 0644 "$here/postgresql.conf" "$settings/conf.d/saas.conf"
    install -o postgres -g postgres -m 0640 "$here/pg_hba.conf" "$settings/pg_hba.conf"
    overlay=/etc/systemd/system/postgresql@$version-main.service.d
    install -d -m 0755 "$overlay"
    sed "s|@VERSION@|$version|g" "$here/postgresql-service.conf.in" > "$overlay/saas.conf"
    systemctl stop "postgresql@$version-main.service"
    systemctl daemon-reload
    systemctl disable --now odoo.service 2>/dev/null || true    # nothing but the build loads the database
    systemctl restart saas-size.service
    systemctl enable postgresql.service
    systemctl start "postgresql@$version-main.service"
    # CREATEDB: an owner may rename a database only with it. Odoo's own screens for databases are closed.
    runuser -u postgres -- psql -qtA -v ON_ERROR_STOP=1 -d postgres <<'SQL'
SELECT 'CREATE ROLE odoo' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'odoo') \gexec
ALTER ROLE odoo LOGIN CREATEDB NOSUPERUSER NOCREATEROLE;
SQL
}

check() {
    runuser -u odoo -- /opt/saas/bin/odoo --version || fail "Odoo does not start; is it in /opt/odoo, and are its libraries in /opt/odoo-python?"
    runuser -u odoo -- psql -qtA -d postgres -c 'SELECT 1' >/dev/null || fail 'the role odoo cannot enter PostgreSQL'
}

say '1/6 looking at the container'; debian
say '2/6 packages of Debian'; install_packages; account
say '3/6 Odoo'; install_odoo
say '4/6 configuration and units'; copy_files
say '5/6 PostgreSQL'; database_server
say '6/6 trying it'; check
say 'the container is prepared'
