/** @odoo-module **/

import { Component, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

class DomainField extends Component {
    static props = { ...standardFieldProps };

    get value() {
        return this.props.record.data[this.props.name];
    }
}

/** Copies a value and says so for a moment; Odoo's own button has another place in each series. */
export class CopyValue extends Component {
    static template = "saas_domains.CopyValue";
    static props = { value: String };

    setup() {
        this.state = useState({ isCopied: false });
    }

    get title() {
        return this.state.isCopied ? _t("Copied") : _t("Copy");
    }

    async copy() {
        await browser.navigator.clipboard.writeText(this.props.value);
        this.state.isCopied = true;
        browser.setTimeout(() => (this.state.isCopied = false), 1500);
    }
}

/** The records a customer has to set, each value with a button that copies it. */
export class RecordsField extends DomainField {
    static template = "saas_domains.RecordsField";
    static components = { CopyValue };

    get records() {
        return this.value || [];
    }
}

const LOOKS = {
    yes: { tone: "success", icon: "fa-check-circle" },
    no: { tone: "warning", icon: "fa-exclamation-triangle" },
    unknown: { tone: "info", icon: "fa-question-circle" },
};

/** What the last check found: what was expected, what is there instead, what to do next, and what may go wrong later. */
export class VerdictField extends DomainField {
    static template = "saas_domains.VerdictField";

    get verdict() {
        return this.value || null;
    }

    get found() {
        return [this.verdict.found || []].flat();
    }

    get look() {
        return LOOKS[this.verdict.outcome] || LOOKS.unknown;
    }

    /** Only a "no" has something to compare; what was asked for and what is there are the same otherwise. */
    get isCompared() {
        return this.verdict.outcome === "no" && this.verdict.expected;
    }
}

const TONES = { "+": "success", "-": "danger", "~": "warning", "!": "danger" };

/** A change set, line by line in the colours that programs show differences in. */
export class DifferenceField extends DomainField {
    static template = "saas_domains.DifferenceField";

    get lines() {
        return (this.value || "")
            .split("\n")
            .filter((line) => line.trim())
            .map((text) => ({ text, tone: TONES[text.trim()[0]] || "" }));
    }
}

/** A badge where the value is true, nothing where it is not. */
class BadgeField extends DomainField {
    static template = "saas_domains.BadgeField";

    get badge() {
        return this.value ? this.yes : this.no;
    }

    get no() {
        return null;
    }
}

export class SandboxField extends BadgeField {
    get yes() {
        return { text: _t("Sandbox"), tone: "text-bg-warning" };
    }
}

export class PrimaryField extends BadgeField {
    get yes() {
        return { text: _t("Primary"), tone: "text-bg-primary" };
    }
}

export class ActiveField extends BadgeField {
    get yes() {
        return { text: _t("Active"), tone: "text-bg-success" };
    }

    get no() {
        return { text: _t("Inactive"), tone: "text-bg-secondary" };
    }
}

const fields = registry.category("fields");
fields.add("saas_domain_records", { component: RecordsField, supportedTypes: ["json"] });
fields.add("saas_domain_verdict", { component: VerdictField, supportedTypes: ["json"] });
fields.add("saas_domain_difference", { component: DifferenceField, supportedTypes: ["text"] });
fields.add("saas_domain_sandbox", { component: SandboxField, supportedTypes: ["boolean"] });
fields.add("saas_domain_primary", { component: PrimaryField, supportedTypes: ["boolean"] });
fields.add("saas_domain_active", { component: ActiveField, supportedTypes: ["boolean"] });
