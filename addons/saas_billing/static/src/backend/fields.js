/** @odoo-module **/

import { Component } from "@odoo/owl";
import { formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** A badge where the value is true, nothing where it is not. */
class BadgeField extends Component {
    static template = "saas_billing.BadgeField";
    static props = { ...standardFieldProps };

    get isShown() {
        return this.props.record.data[this.props.name];
    }
}

export class SandboxField extends BadgeField {
    get text() {
        return _t("Sandbox");
    }

    get tone() {
        return "text-bg-warning";
    }
}

export class CurrentField extends BadgeField {
    get text() {
        return _t("Current");
    }

    get tone() {
        return "text-bg-success";
    }
}

/** The day of a moment; Odoo's own field for dates shows the time as well in one of its series. */
export class DayField extends Component {
    static template = "saas_billing.DayField";
    static props = { ...standardFieldProps };

    get day() {
        const moment = this.props.record.data[this.props.name];
        return moment ? formatDate(moment) : "";
    }
}

const fields = registry.category("fields");
fields.add("saas_billing_sandbox", { component: SandboxField, supportedTypes: ["boolean"] });
fields.add("saas_billing_current", { component: CurrentField, supportedTypes: ["boolean"] });
fields.add("saas_billing_day", { component: DayField, supportedTypes: ["datetime"] });
