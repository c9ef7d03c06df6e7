#!/bin/bash
# Before the first master starts, and before each `up`: roles, the master's database, our addons in it. `init update`
# after new code: the masters must be stopped meanwhile (docs/operations.md).
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$SAAS_HOME/docker/bin/lib.sh"

configure_odoo master saas_master ADDONS_PATH="$SAAS_HOME/addons" SERVER_WIDE_MODULES="$SAAS_MODULES"
exec python3 "$bin/init.py" "$@"
