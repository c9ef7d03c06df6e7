/** @odoo-module **/

import publicWidget from "@web/legacy/js/public/public_widget";

const FIRST = 300; // milliseconds between two questions, at first
const SLOWEST = 2000; // and later
const LOST = 15000; // at most, while the server does not answer
const COPIED = 2000; // so long a copied address says so

/** Follows what is under way on a tenant's page, and stops when it has ended. The page works without. */
publicWidget.registry.SaasTenant = publicWidget.Widget.extend({
    selector: ".o_saas_live_tenant",

    start() {
        // as it is in the reader's language; after a refused act the page stands at the address of that act
        this.page = window.location.pathname.replace(/\/(suspend|resume|keep)?\/?$/, "");
        this.wait = FIRST;
        this.el.addEventListener("click", (ev) => this.onClick(ev));
        this.showCopy();
        this.later();
        return this._super(...arguments);
    },

    destroy() {
        clearTimeout(this.timer);
        return this._super(...arguments);
    },

    later() {
        if (this.el.dataset.busy) {
            this.timer = setTimeout(() => this.ask(), this.wait);
        }
    },

    async ask() {
        try {
            const status = await this.get(`${this.page}/status`, (response) => response.json());
            this.wait = Math.min(this.wait * 1.15, SLOWEST);
            await this.show(status);
            this.setLost(false);
        } catch {
            this.wait = Math.min(Math.max(this.wait, SLOWEST) * 1.5, LOST);
            this.setLost(true);
        }
        this.later();
    },

    async get(url, read) {
        const response = await fetch(url, { cache: "no-store" });
        if (!response.ok || response.redirected) {
            throw new Error(`${response.status}`); // away, or no longer logged in
        }
        return read(response);
    },

    async show(status) {
        if (status.key !== this.el.dataset.key) {
            await this.enter();
        } else if (status.busy) {
            this.move(status);
        }
    },

    /** Take over the page as the server renders it now. */
    async enter() {
        const html = await this.get(this.page, (response) => response.text());
        const fresh = new DOMParser().parseFromString(html, "text/html").querySelector(".o_saas_live_tenant");
        this.el.replaceChildren(...fresh.childNodes);
        this.el.dataset.key = fresh.dataset.key;
        this.el.dataset.busy = fresh.dataset.busy || "";
        this.wait = FIRST;
        this.showCopy();
    },

    move(status) {
        const busy = this.el.querySelector(".o_saas_busy");
        busy.querySelector("progress").value = status.percent;
        const label = busy.querySelector(".o_saas_label");
        if (label.textContent !== status.label) {
            label.textContent = status.label;
        }
        const list = busy.querySelector(".o_saas_steps");
        status.steps.forEach((step, index) => {
            const item = list.children[index] || list.appendChild(document.createElement("li"));
            item.textContent = step.name;
            item.dataset.state = step.state;
        });
    },

    setLost(lost) {
        const message = this.el.querySelector(".o_saas_lost");
        if (message) {
            message.hidden = !lost;
        }
    },

    // -- the address ----------------------------------------------------------------------------

    /** Only where a script may write to the clipboard is there a button for it. */
    showCopy() {
        const button = this.el.querySelector(".o_saas_copy");
        if (button && navigator.clipboard) {
            button.hidden = false;
        }
    },

    async onClick(ev) {
        const button = ev.target.closest(".o_saas_copy");
        if (!button) {
            return;
        }
        await navigator.clipboard.writeText(button.dataset.text);
        const message = button.querySelector(".o_saas_copied");
        message.hidden = false;
        button.classList.add("o_saas_done_copy");
        setTimeout(() => {
            message.hidden = true;
            button.classList.remove("o_saas_done_copy");
        }, COPIED);
    },
});
