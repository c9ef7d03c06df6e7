/** @odoo-module **/

import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** A text as a terminal shows it: line by line, as wide as it is. */
export class LogField extends Component {
    static template = "saas_master.LogField";
    static props = { ...standardFieldProps };

    get text() {
        return this.props.record.data[this.props.name] || "";
    }
}

registry.category("fields").add("saas_log", { component: LogField, supportedTypes: ["text", "char"] });
