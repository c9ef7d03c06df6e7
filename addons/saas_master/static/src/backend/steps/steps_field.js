/** @odoo-module **/

import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const ICONS = {
    waiting: "fa-circle-o",
    running: "fa-circle-o-notch fa-spin",
    done: "fa-check-circle",
    skipped: "fa-share",
    failed: "fa-times-circle",
};

/** The steps of an operation with a mark each; a click opens the step's log. */
export class StepsField extends Component {
    static template = "saas_master.StepsField";
    static props = { ...standardFieldProps };

    setup() {
        this.action = useService("action");
    }

    get steps() {
        return this.props.record.data[this.props.name] || [];
    }

    icon(step) {
        return ICONS[step.state];
    }

    stateName(step) {
        return {
            waiting: _t("Waiting"),
            running: _t("Running"),
            done: _t("Done"),
            skipped: _t("Skipped"),
            failed: _t("Failed"),
        }[step.state];
    }

    open(step) {
        this.action.doAction({
            type: "ir.actions.act_window",
            name: step.name,
            res_model: "saas.operation.step",
            res_id: step.id,
            views: [[false, "form"]],
            target: "new",
        });
    }
}

registry.category("fields").add("saas_steps", { component: StepsField, supportedTypes: ["json"] });
