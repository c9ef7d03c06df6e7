/** @odoo-module **/

import { registry } from "@web/core/registry";
import { Card } from "@saas_master/backend/dashboard/cards";

const STATUS_COLORS = {
    incomplete: "#98a2b3",
    incomplete_expired: "#d0d5dd",
    trialing: "#2e90fa",
    active: "#1f9d55",
    past_due: "#e0a100",
    unpaid: "#d92d20",
    paused: "#9b6dd6",
    canceled: "#d0d5dd",
};
const FAULTS = ["unpaid", "failed", "waiting"];

/** Money: what comes each month, who leaves, which trials pay, how subscriptions stand, and what is at risk. */
export class BillingCard extends Card {
    static template = "saas_billing.BillingCard";

    color(figure) {
        return STATUS_COLORS[figure.value];
    }

    percent(figure) {
        return figure.percent === null ? "–" : `${figure.percent.toLocaleString(undefined, { maximumFractionDigits: 1 })} %`;
    }

    get statuses() {
        return this.section.statuses.filter((figure) => figure.count);
    }

    get risks() {
        return this.section.risks.filter((figure) => figure.count);
    }

    icon(figure) {
        return FAULTS.includes(figure.value) ? "fa-times-circle text-danger" : "fa-exclamation-triangle text-warning";
    }

    get accounts() {
        return { count: 0, label: "Stripe", model: "saas.stripe.account", domain: [] };
    }
}

registry
    .category("saas_dashboard_cards")
    .add("billing", { section: "billing", Component: BillingCard, size: "full" }, { sequence: 25 });
