/** @odoo-module **/

import publicWidget from "@web/legacy/js/public/public_widget";

import { FIRST, Follower } from "@saas_master/js/follower";

/** Back from a payment: waits until Stripe has told the server, then shows the page anew. The page works without. */
publicWidget.registry.SaasBilling = Follower.extend({
    selector: ".o_saas_live_billing",

    start() {
        // as it is in the reader's language; after a refused act the page stands at the address of that act
        this.page = window.location.pathname.match(/^.*\/my\/billing\/\d+/)[0];
        this.wait = FIRST;
        this.later();
        return this._super(...arguments);
    },

    isOver() {
        return !this.el.dataset.waiting;
    },

    async show(status) {
        if (status.key !== this.el.dataset.key) {
            const fresh = await this.fresh(`${this.page}?paid=1`);
            this.el.replaceChildren(...fresh.childNodes);
            this.el.dataset.key = fresh.dataset.key;
            this.el.dataset.waiting = fresh.dataset.waiting || "";
        }
    },
});
