/** @odoo-module **/

import publicWidget from "@web/legacy/js/public/public_widget";

export const FIRST = 300; // milliseconds between two questions, at first
export const SLOWEST = 2000; // and later
const LOST = 15000; // at most, while the server does not answer

/**
 * A page that follows what is under way: asks `${this.page}/status` ever more slowly until `isOver()`, and hands the
 * answer to `show(status)`. The page works without it. `this.page` and `this.wait` are set by who extends this.
 */
export const Follower = publicWidget.Widget.extend({
    destroy() {
        clearTimeout(this.timer);
        return this._super(...arguments);
    },

    slowest() {
        return SLOWEST;
    },

    later() {
        if (!this.isOver()) {
            this.timer = setTimeout(() => this.ask(), this.wait);
        }
    },

    async ask() {
        try {
            const status = await this.get(`${this.page}/status`, (response) => response.json());
            this.wait = Math.min(Math.max(this.wait * 1.15, FIRST), this.slowest());
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

    /** The same part of the page as the server renders it now. */
    async fresh(url) {
        const html = await this.get(url, (response) => response.text());
        return new DOMParser().parseFromString(html, "text/html").querySelector(this.selector);
    },

    /** What is being done, and which steps are over. */
    tell(place, status) {
        const label = place.querySelector(".o_saas_label");
        if (label.textContent !== status.label) {
            label.textContent = status.label;
        }
        const list = place.querySelector(".o_saas_steps");
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
});
