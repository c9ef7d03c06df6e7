/** @odoo-module **/

import publicWidget from "@web/legacy/js/public/public_widget";

import { FIRST, Follower } from "@saas_master/js/follower";

const COPIED = 2000; // so long a copied address says so

/** Follows what is under way on a tenant's page, and stops when it has ended. The page works without. */
publicWidget.registry.SaasTenant = Follower.extend({
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

    isOver() {
        return !this.el.dataset.busy;
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
        const fresh = await this.fresh(this.page);
        this.el.replaceChildren(...fresh.childNodes);
        this.el.dataset.key = fresh.dataset.key;
        this.el.dataset.busy = fresh.dataset.busy || "";
        this.wait = FIRST;
        this.showCopy();
    },

    move(status) {
        const busy = this.el.querySelector(".o_saas_busy");
        busy.querySelector("progress").value = status.percent;
        this.tell(busy, status);
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
