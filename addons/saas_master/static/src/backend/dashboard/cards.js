/** @odoo-module **/

import { Component } from "@odoo/owl";
import { formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { formatInteger } from "@web/views/fields/formatters";
import { DashboardChart } from "./chart";

const { DateTime } = luxon;
const BAR = "#5b6ee1";
const STATE_COLORS = {
    draft: "#98a2b3",
    provisioning: "#2e90fa",
    running: "#1f9d55",
    suspended: "#e0a100",
    deleting: "#9b6dd6",
    deleted: "#d0d5dd",
    failed: "#d92d20",
};

/** Seconds as people say them. */
export function seconds(value) {
    if (value === null || value === undefined) {
        return "–";
    }
    if (value < 100) {
        return `${value.toFixed(1)} s`;
    }
    return value < 6000 ? `${Math.round(value / 60)} min` : `${Math.round(value / 3600)} h`;
}

const dayNames = (days) => days.map((day) => DateTime.fromISO(day.label).toFormat("d LLL"));
const isQuiet = (days) => days.every((day) => !day.count);
const NO_GRID = { x: { grid: { display: false }, ticks: { maxTicksLimit: 8, maxRotation: 0 } } };
const WHOLE = { beginAtZero: true, ticks: { precision: 0, maxTicksLimit: 5 } };

/** What all cards are given: their section, the whole answer, and `open(figure)` for a list of exactly its records. */
export class Card extends Component {
    static props = { section: true, figures: Object, open: Function, openRecord: Function };
    static components = { DashboardChart };

    setup() {
        this.number = formatInteger;
        this.seconds = seconds;
    }

    get section() {
        return this.props.section;
    }
}

export class StatesCard extends Card {
    static template = "saas_master.StatesCard";

    get chartLabel() {
        return _t("Tenants by state");
    }

    get states() {
        return this.section.states.filter((figure) => figure.count && figure.state !== "deleted");
    }

    color(figure) {
        return STATE_COLORS[figure.state];
    }

    get config() {
        return {
            type: "doughnut",
            data: {
                labels: this.states.map((figure) => figure.label),
                datasets: [
                    {
                        data: this.states.map((figure) => figure.count),
                        backgroundColor: this.states.map((figure) => STATE_COLORS[figure.state]),
                        borderWidth: 2,
                    },
                ],
            },
            options: { cutout: "68%", plugins: { legend: { display: false } } },
        };
    }
}

export class PlansCard extends Card {
    static template = "saas_master.PlansCard";

    width(figure) {
        const most = Math.max(...this.section.plans.map((plan) => plan.count), 1);
        return `width: ${Math.max((100 * figure.count) / most, 2)}%`;
    }
}

export class SignupsCard extends Card {
    static template = "saas_master.SignupsCard";

    get chartLabel() {
        return _t("Sign-ups per day");
    }

    get isQuiet() {
        return isQuiet(this.section.days);
    }

    get config() {
        const days = this.section.days;
        return {
            type: "bar",
            data: {
                labels: dayNames(days),
                datasets: [
                    { label: _t("Confirmed"), data: days.map((day) => day.confirmed), backgroundColor: "#1f9d55", stack: "one" },
                    {
                        label: _t("Not confirmed"),
                        data: days.map((day) => day.count - day.confirmed),
                        backgroundColor: "#c3cad5",
                        stack: "one",
                    },
                ],
            },
            options: {
                scales: { x: { stacked: true, ...NO_GRID.x }, y: { stacked: true, ...WHOLE } },
                plugins: { legend: { position: "bottom", labels: { boxWidth: 12 } } },
            },
        };
    }
}

export class TimeToLiveCard extends Card {
    static template = "saas_master.TimeToLiveCard";

    get chartLabel() {
        return _t("Time to live per day");
    }

    get isQuiet() {
        return isQuiet(this.section.days);
    }

    get config() {
        const days = this.section.days;
        const line = (label, name, color) => ({
            label,
            data: days.map((day) => day[name]),
            borderColor: color,
            backgroundColor: color,
            spanGaps: true,
            borderWidth: 2,
            pointRadius: 3,
            tension: 0.2,
        });
        return {
            type: "line",
            data: {
                labels: dayNames(days),
                datasets: [line(_t("Median"), "median", BAR), line(_t("95 of 100"), "late", "#e0a100")],
            },
            options: {
                scales: { ...NO_GRID, y: { beginAtZero: true, ticks: { maxTicksLimit: 5, callback: (value) => `${value} s` } } },
                plugins: { legend: { position: "bottom", labels: { boxWidth: 12 } } },
            },
        };
    }
}

export class NodesCard extends Card {
    static template = "saas_master.NodesCard";

    get all() {
        return { label: _t("Nodes"), model: "saas.node", domain: [] };
    }

    load(node) {
        return node.capacity ? Math.round((100 * node.count) / node.capacity) : 0;
    }

    barClass(node) {
        const load = this.load(node);
        return load >= 90 ? "bg-danger" : load >= 75 ? "bg-warning" : "bg-success";
    }

    healthClass(node) {
        return { ok: "text-bg-success", bad: "text-bg-danger" }[node.health] || "text-bg-secondary";
    }
}

export class ErrorsCard extends Card {
    static template = "saas_master.ErrorsCard";

    at(error) {
        const moment = DateTime.fromSQL(error.at, { zone: "utc" }).setZone(luxon.Settings.defaultZone);
        return moment.isValid ? moment.toRelative() : "";
    }

    get all() {
        return { label: _t("Failed operations"), model: "saas.operation", domain: [["state", "=", "failed"]] };
    }
}

export class TrialsCard extends Card {
    static template = "saas_master.TrialsCard";

    when(tenant) {
        return formatDate(DateTime.fromISO(tenant.ends));
    }
}

const cards = registry.category("saas_dashboard_cards");
cards.add("errors", { section: "errors", Component: ErrorsCard, size: "wide" }, { sequence: 10 });
cards.add("states", { section: "tenants", Component: StatesCard }, { sequence: 20 });
cards.add("signups", { section: "signups", Component: SignupsCard }, { sequence: 30 });
cards.add("time_to_live", { section: "time_to_live", Component: TimeToLiveCard }, { sequence: 40 });
cards.add("plans", { section: "tenants", Component: PlansCard }, { sequence: 50 });
cards.add("nodes", { section: "tenants", Component: NodesCard, size: "wide" }, { sequence: 60 });
cards.add("trials", { section: "trials", Component: TrialsCard }, { sequence: 70 });
