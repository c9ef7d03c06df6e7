/** @odoo-module **/

import publicWidget from "@web/legacy/js/public/public_widget";

const PAUSE = 250; // milliseconds without a keystroke before a name is looked up
const LENGTH = 30; // of a suggested name, as on the server

/** The server's visitor.stem(), so that what is suggested while typing is what it would suggest. */
function stem(company) {
    return company
        .normalize("NFKD")
        .replace(/[^\x00-\x7f]/g, "")
        .toLowerCase()
        .replace(/[^a-z0-9]+/g, "-")
        .replace(/^-+|-+$/g, "")
        .slice(0, LENGTH)
        .replace(/-+$/, "");
}

/** Suggests a name made of the company's and says whether it is free. The form works without. */
publicWidget.registry.SaasSignupForm = publicWidget.Widget.extend({
    selector: ".o_saas_signup_form",

    start() {
        this.name = this.el.querySelector("[name=name]");
        this.company = this.el.querySelector("[name=company_name]");
        this.live = this.el.querySelector(".o_saas_live");
        this.ownName = Boolean(this.name.value);
        this.seenCompany = "";
        this.company.addEventListener("input", () => this.onCompany());
        this.name.addEventListener("input", () => this.onName());
        this.live.querySelector("button").addEventListener("click", (ev) => this.take(ev.target.textContent));
        this.el.addEventListener("submit", () => this.onSubmit());
        window.addEventListener("pageshow", () => this.setBusy(false)); // back from the next page
        this.catchUp();
        return this._super(...arguments);
    },

    destroy() {
        clearTimeout(this.timer);
        this.asked?.abort();
        return this._super(...arguments);
    },

    /** Scripts come late: look at what was typed, or filled in by the browser, before this one was there. */
    catchUp() {
        const refused = this.name.classList.contains("is-invalid") && this.name.value === this.name.defaultValue;
        if (this.name.value && !refused) {
            this.lookUpSoon();
        }
        this.onCompany();
    },

    /** Never under the hands of who is in the field of the name already. */
    onCompany() {
        if (!this.ownName && document.activeElement !== this.name && this.company.value !== this.seenCompany) {
            this.seenCompany = this.company.value;
            this.name.value = stem(this.company.value);
            this.lookUpSoon();
        }
    },

    onName() {
        this.name.value = this.name.value.toLowerCase();
        this.ownName = Boolean(this.name.value);
        this.lookUpSoon();
    },

    take(name) {
        this.name.value = name;
        this.ownName = true;
        this.name.focus();
        this.lookUpSoon();
    },

    onSubmit() {
        setTimeout(() => this.setBusy(true)); // a disabled button would not be sent with the form
    },

    setBusy(busy) {
        this.el.querySelector("[type=submit]").disabled = busy;
    },

    lookUpSoon() {
        clearTimeout(this.timer);
        this.asked?.abort();
        this.forgetServerProblem();
        this.show(null);
        if (this.name.value) {
            this.timer = setTimeout(() => this.lookUp(), PAUSE);
        }
    },

    async lookUp() {
        this.asked = new AbortController();
        const url = `${this.el.action}/check?name=${encodeURIComponent(this.name.value)}`;
        try {
            const response = await fetch(url, { signal: this.asked.signal });
            this.show(response.ok ? await response.json() : { code: "unknown" });
        } catch (error) {
            if (error.name !== "AbortError") {
                this.show({ code: "unknown" });
            }
        }
    },

    /** @param {Object|null} answer of the server; null: nothing to say yet */
    show(answer) {
        const message = this.live.querySelector(".o_saas_live_message");
        const suggestion = this.live.querySelector(".o_saas_live_suggestion");
        message.textContent = answer?.message || "";
        message.hidden = !answer?.message;
        suggestion.querySelector("button").textContent = answer?.suggestion || "";
        suggestion.hidden = !answer?.suggestion;
        this.live.querySelector(".o_saas_live_unknown").hidden = answer?.code !== "unknown";
        this.live.dataset.code = answer?.code || "";
        this.name.classList.toggle("is-valid", answer?.available === true);
        this.name.classList.toggle("is-invalid", answer?.available === false);
    },

    forgetServerProblem() {
        const problem = this.el.querySelector("#name_problem");
        problem.textContent = "";
        problem.classList.remove("d-block");
    },
});

/** A page with one button: a second click while the first is under way asks for nothing new. */
publicWidget.registry.SaasOnce = publicWidget.Widget.extend({
    selector: ".o_saas_once",

    start() {
        const button = this.el.querySelector("[type=submit]");
        this.el.addEventListener("submit", () => setTimeout(() => (button.disabled = true)));
        window.addEventListener("pageshow", () => (button.disabled = false));
        return this._super(...arguments);
    },
});
