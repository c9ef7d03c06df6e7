/** @odoo-module **/

import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { Card } from "@saas_master/backend/dashboard/cards";

const { DateTime } = luxon;
const STATUS_COLORS = { pending: "#98a2b3", verifying: "#2e90fa", verified: "#1f9d55", failed: "#d92d20" };
const NEAR = 80; // percent of a quota from which on its bar warns

/** Custom domains: how many, how far, what is wrong, who waits longest, and how full the zones are. */
export class DomainsCard extends Card {
    static template = "saas_domains.DomainsCard";

    color(figure) {
        return STATUS_COLORS[figure.value];
    }

    get isSandbox() {
        return this.section.roots.some((root) => root.is_sandbox);
    }

    get troubles() {
        const errors = this.section.errors;
        return errors.count ? [errors, ...this.section.alerts] : this.section.alerts;
    }

    since(domain) {
        const moment = DateTime.fromSQL(domain.since, { zone: "utc" }).setZone(luxon.Settings.defaultZone);
        return moment.isValid ? moment.toRelative() : "";
    }

    quotas(root) {
        const names = { hostnames: _t("custom hostnames"), records: _t("records") };
        return root.quotas
            .filter((quota) => quota.quota)
            .map((quota) => ({ ...quota, label: names[quota.name], percent: Math.min(100, (100 * quota.used) / quota.quota) }));
    }

    barClass(quota) {
        return quota.percent >= 95 ? "bg-danger" : quota.percent >= NEAR ? "bg-warning" : "bg-success";
    }

    healthClass(root) {
        return { ok: "text-bg-success", bad: "text-bg-danger" }[root.health] || "text-bg-secondary";
    }
}

registry
    .category("saas_dashboard_cards")
    .add("domains", { section: "domains", Component: DomainsCard, size: "full" }, { sequence: 75 });
