/** @odoo-module **/

import publicWidget from "@web/legacy/js/public/public_widget";

const FORM = ".o_saas_add_form";

/** "Add a domain" opens above the page one is on. Without scripts, or when anything goes wrong, the link leads to the page. */
publicWidget.registry.SaasDomainAdd = publicWidget.Widget.extend({
    selector: ".o_saas_portal",

    start() {
        this.el.addEventListener("click", (ev) => this.onClick(ev));
        this.el.classList.add("o_saas_scripted");
        return this._super(...arguments);
    },

    destroy() {
        this.dialog?.remove();
        return this._super(...arguments);
    },

    async onClick(ev) {
        const link = ev.target.closest("a.o_saas_domain_add");
        if (!link || ev.ctrlKey || ev.metaKey || ev.shiftKey || !window.HTMLDialogElement) {
            return;
        }
        ev.preventDefault();
        try {
            this.open(await this.form(await fetch(link.href, { cache: "no-store" })));
        } catch {
            window.location.assign(link.href);
        }
    },

    async form(response) {
        const page = new DOMParser().parseFromString(await response.text(), "text/html");
        const form = page.querySelector(FORM);
        if (!form) {
            throw new Error(`${response.status}`); // no longer logged in, or no longer allowed
        }
        return form;
    },

    open(form) {
        this.dialog?.remove();
        this.dialog = document.createElement("dialog");
        this.dialog.className = "o_saas o_saas_portal o_saas_dialog";
        this.dialog.addEventListener("click", (ev) => this.onDialogClick(ev));
        this.dialog.addEventListener("submit", (ev) => this.onSubmit(ev));
        this.dialog.append(form);
        document.body.append(this.dialog);
        this.dialog.showModal();
        this.dialog.querySelector("[name=external_domain]")?.focus();
    },

    onDialogClick(ev) {
        if (ev.target === this.dialog || ev.target.closest(".o_saas_cancel")) {
            ev.preventDefault();
            this.dialog.close();
        }
    },

    /** Refused: the form says why, here. Added: on to the domain's page. */
    async onSubmit(ev) {
        ev.preventDefault();
        const form = ev.target;
        const button = form.querySelector("[type=submit]");
        button.disabled = true;
        try {
            const response = await fetch(form.action, { method: "POST", body: new FormData(form) });
            if (response.redirected) {
                window.location.assign(response.url);
                return;
            }
            form.replaceWith(await this.form(response));
            this.dialog.querySelector("[name=external_domain]")?.focus();
        } catch {
            button.disabled = false;
            form.submit();
        }
    },
});
