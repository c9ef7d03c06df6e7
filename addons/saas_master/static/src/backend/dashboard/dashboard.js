/** @odoo-module **/

import { Component, onMounted, onWillStart, onWillUnmount, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { formatInteger } from "@web/views/fields/formatters";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { useLive } from "../live/use_live";

const EVERY = 60_000; // milliseconds: what no operation tells of, such as a node's health

/**
 * The first page of staff. Cards come from the registry "saas_dashboard_cards": {section, Component, size}, where `section`
 * names what the server's saas.dashboard answers.
 */
export class Dashboard extends Component {
    static template = "saas_master.Dashboard";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.orm = useService("orm");
        this.action = useService("action");
        this.number = formatInteger;
        this.state = useState({ figures: null });
        this.display = { controlPanel: {} };
        this.open = this.open.bind(this);
        this.openRecord = this.openRecord.bind(this);
        onWillStart(() => this.load());
        useLive(() => this.load());
        onMounted(() => {
            this.timer = setInterval(() => document.hidden || this.load(), EVERY);
        });
        onWillUnmount(() => clearInterval(this.timer));
    }

    async load() {
        this.state.figures = await this.orm.silent.call("saas.dashboard", "get_figures", []);
    }

    get cards() {
        const { figures } = this.state;
        return registry
            .category("saas_dashboard_cards")
            .getEntries()
            .filter(([, card]) => card.section in figures)
            .map(([name, card]) => ({ name, ...card }));
    }

    /** The line on top: what is to be done, then how it goes. */
    get tiles() {
        const { work, tenants, trials } = this.state.figures;
        const running = tenants.states.find((figure) => figure.state === "running");
        return [
            { ...work.attention, short: _t("Need a person"), icon: "fa-exclamation-triangle", tone: "danger" },
            { ...work.running, short: _t("Running operations"), icon: "fa-cogs" },
            { ...work.waiting, short: _t("Waiting operations"), icon: "fa-hourglass-half" },
            { ...running, short: _t("Running tenants"), icon: "fa-cubes" },
            { ...trials, short: _t("Trials ending in 7 days"), icon: "fa-clock-o", tone: "warning" },
            { ...work.deletions, short: _t("Deletion asked for"), icon: "fa-trash-o", tone: "warning" },
            { ...work.failed, short: _t("Failed in 24 hours"), icon: "fa-times-circle", tone: "danger" },
            { ...work.nodes, short: _t("Nodes in trouble"), icon: "fa-server", tone: "danger" },
        ];
    }

    get setupSteps() {
        const { done } = this.state.figures.setup;
        const steps = [
            {
                isDone: done.node,
                title: _t("Add a node"),
                text: _t("An Odoo server, its PostgreSQL and the router in front of it. The button Test says what is missing."),
                action: "saas_master.saas_node_action",
            },
            {
                isDone: done.template,
                title: _t("Build a template"),
                text: _t("The database that every new tenant is cloned from."),
                action: "saas_master.saas_template_action",
            },
            {
                isDone: done.plan,
                title: _t("Publish a plan"),
                text: _t("What it costs, how long it may be tried, what its limits are."),
                action: "saas_master.saas_plan_action",
            },
            {
                isDone: done.tenant,
                title: _t("Make the first tenant"),
                text: _t("Sign up on your website as a customer would, or make one here."),
                action: "saas_master.saas_tenant_action",
            },
        ];
        return steps.map((step) => ({ ...step, mark: step.isDone ? _t("Done") : _t("To do") }));
    }

    open(figure) {
        const isTenants = figure.model === "saas.tenant";
        this.action.doAction({
            type: "ir.actions.act_window",
            name: figure.title || figure.label,
            res_model: figure.model,
            domain: figure.domain,
            views: [[false, "list"], ...(isTenants ? [[false, "kanban"]] : []), [false, "form"]],
        });
    }

    openRecord(model, id) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }

    openAction(action) {
        this.action.doAction(action);
    }
}

registry.category("actions").add("saas_dashboard", Dashboard);
