/** @odoo-module **/

import { Component } from "@odoo/owl";
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

const fields = registry.category("fields");
fields.add("saas_billing_sandbox", { component: SandboxField, supportedTypes: ["boolean"] });
fields.add("saas_billing_current", { component: CurrentField, supportedTypes: ["boolean"] });
