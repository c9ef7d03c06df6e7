/** @odoo-module **/

import publicWidget from "@web/legacy/js/public/public_widget";

import { FIRST, Follower, SLOWEST } from "@saas_master/js/follower";

const IDLE = 10000; // while only staff can change something
const LONG = 30000; // after so long a visitor is told that he need not wait
const LAST = ["ready", "deleted"]; // phases after which nothing more is asked
const MOVING = ["working", "payment", "processing"]; // phases that end soon

/** Keeps the progress page up to date. What a phase looks like is the server's business. */
publicWidget.registry.SaasProgress = Follower.extend({
    selector: ".o_saas_progress[data-phase]",

    start() {
        this.page = window.location.pathname.replace(/\/$/, "");
        this.began = Date.now();
        this.wait = 0; // the first question is asked at once
        this.later();
        return this._super(...arguments);
    },

    isOver() {
        return LAST.includes(this.el.dataset.phase);
    },

    slowest() {
        return MOVING.includes(this.el.dataset.phase) ? SLOWEST : IDLE;
    },

    async show(status) {
        if (status.phase !== this.el.dataset.phase) {
            await this.enter();
        } else if (status.phase === "working") {
            this.move(status);
        }
    },

    /** Take the next phase's content from the page as the server renders it. */
    async enter() {
        const fresh = await this.fresh(window.location.href);
        this.el.querySelector(".progress-bar")?.style.setProperty("width", "100%");
        await new Promise((resolve) => setTimeout(resolve, 350)); // let the bar arrive
        this.el.replaceChildren(...fresh.childNodes);
        this.el.dataset.phase = fresh.dataset.phase;
        this.wait = FIRST;
    },

    move(status) {
        const bar = this.el.querySelector(".progress");
        bar.setAttribute("aria-valuenow", status.percent);
        bar.firstElementChild.style.width = `${status.percent}%`;
        this.tell(this.el, status);
        this.el.querySelector(".o_saas_waiting").hidden = Date.now() - this.began < LONG;
    },
});
