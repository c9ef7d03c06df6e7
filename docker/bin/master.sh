#!/bin/bash
# The control plane's Odoo, and a worker of the ledger in each of its planned-work processes but one.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$SAAS_HOME/docker/bin/lib.sh"

configure_odoo master saas_master ADDONS_PATH="$SAAS_HOME/addons" SERVER_WIDE_MODULES="$SAAS_MODULES"
exec "$bin/saas-odoo"
