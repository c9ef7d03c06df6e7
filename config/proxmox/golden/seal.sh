#!/bin/sh
# The last thing done in a golden container: takes out what its clones must not share, and has them make their own at
# their first boot. Run as root inside it; may be run again. After it the container is stopped and made a template.
set -eu
systemctl stop odoo.service 2>/dev/null || true
install -d -m 0755 /var/lib/saas
: > /var/lib/saas/first-boot        # the flag saas-first-boot.service goes by

rm -f /etc/ssh/ssh_host_*_key /etc/ssh/ssh_host_*_key.pub
rm -f /etc/ssl/private/ssl-cert-snakeoil.key /etc/ssl/certs/ssl-cert-snakeoil.pem
rm -f /etc/odoo/database.secret /var/lib/systemd/random-seed /var/lib/dbus/machine-id
: > /etc/machine-id                 # empty: systemd makes one before anything else starts
rm -rf /root/.ssh /root/.bash_history /root/.cache /var/lib/odoo/sessions /var/lib/odoo/.cache
rm -rf /var/lib/saas/saas-builds /var/lib/saas/recipe* /var/lib/saas/odoo.deb* /var/cache/apt/archives/*.deb /var/lib/apt/lists/*
find /var/log -type f -name '*.gz' -delete
find /var/log -type f ! -path '/var/log/journal/*' -exec truncate --no-create --size=0 {} +
journalctl --rotate --quiet 2>/dev/null || true
journalctl --vacuum-time=1s --quiet 2>/dev/null || true
systemctl daemon-reload
systemctl enable --quiet saas-first-boot.service saas-size.service odoo.service
! systemctl list-unit-files --quiet ssh.service >/dev/null 2>&1 || systemctl enable --quiet ssh.service 2>/dev/null || true
sync
echo 'saas: sealed'
