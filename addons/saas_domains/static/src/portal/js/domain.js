/** @odoo-module **/

import publicWidget from "@web/legacy/js/public/public_widget";

import { FIRST, Follower } from "@saas_master/js/follower";

const COPIED = 2000; // so long a copied value says so
const CALM = 3000; // between two questions while only the DNS is waited for, at first
const CALMEST = 20000; // and later

/** Follows a domain: the look at its DNS, then its publishing. Gives each value a button that copies it. The page works without. */
publicWidget.registry.SaasDomain = Follower.extend({
    selector: ".o_saas_live_domain",

    start() {
        // as it is in the reader's language; after a refused act the page stands at the address of that act
        this.page = window.location.pathname.replace(/\/(verify|activate|primary|tenant|delete)?\/?$/, "");
        this.el.addEventListener("click", (ev) => this.onClick(ev));
        this.el.addEventListener("submit", (ev) => this.onSubmit(ev));
        this.begin();
        this.later();
        return this._super(...arguments);
    },

    begin() {
        this.wait = this.el.dataset.busy ? FIRST : CALM;
        for (const button of navigator.clipboard ? this.el.querySelectorAll(".o_saas_copy_value") : []) {
            button.hidden = false;
        }
    },

    slowest() {
        return this.el.dataset.busy ? this._super(...arguments) : CALMEST;
    },

    isOver() {
        return Boolean(this.el.dataset.over);
    },

    async show(status) {
        if (status.key !== this.el.dataset.key) {
            await this.enter();
            return;
        }
        const busy = this.el.querySelector(".o_saas_busy");
        if (busy && status.busy) {
            busy.querySelector("progress").value = status.percent;
            this.tell(busy, status);
        }
        const next = this.el.querySelector(".o_saas_next_check");
        if (next) {
            next.textContent = status.next_check;
        }
    },

    /** Take over the page as the server renders it now; what the reader has opened stays open. */
    async enter() {
        const open = [...this.el.querySelectorAll("details[open]")].map((details) => details.className);
        const fresh = await this.fresh(this.page);
        this.el.replaceChildren(...fresh.childNodes);
        for (const name of ["key", "busy", "over"]) {
            this.el.dataset[name] = fresh.dataset[name] || "";
        }
        for (const details of this.el.querySelectorAll("details")) {
            details.open = details.open || open.includes(details.className);
        }
        this.begin();
    },

    /** Asking the DNS takes some seconds: the button says that it is at it. */
    onSubmit(ev) {
        const button = ev.target.querySelector("[type=submit]");
        if (ev.target.classList.contains("o_saas_ask")) {
            ev.target.classList.add("o_saas_asking");
        }
        setTimeout(() => (button.disabled = true));
    },

    async onClick(ev) {
        const button = ev.target.closest(".o_saas_copy_value");
        if (!button) {
            return;
        }
        await navigator.clipboard.writeText(button.dataset.text);
        const copied = (yes) => {
            button.classList.toggle("o_saas_done_copy", yes);
            button.querySelector(".o_saas_copied").hidden = !yes;
            button.querySelector(".o_saas_copy_word").hidden = yes;
        };
        copied(true);
        setTimeout(() => copied(false), COPIED);
    },
});
