/** @odoo-module **/

import publicWidget from "@web/legacy/js/public/public_widget";

const FIRST = 300; // milliseconds between two questions, at first; the very first one is asked at once
const SLOWEST = 2000; // and later
const IDLE = 10000; // while only staff can change something
const LOST = 15000; // at most, while the server does not answer
const LONG = 30000; // after so long a visitor is told that he need not wait
const LAST = ["ready", "deleted"]; // phases after which nothing more is asked

/** Keeps the progress page up to date. What a phase looks like is the server's business. */
publicWidget.registry.SaasProgress = publicWidget.Widget.extend({
    selector: ".o_saas_progress",

    start() {
        this.page = window.location.pathname.replace(/\/$/, "");
        this.began = Date.now();
        this.wait = 0;
        this.later();
        return this._super(...arguments);
    },

    destroy() {
        clearTimeout(this.timer);
        return this._super(...arguments);
    },

    later() {
        if (!LAST.includes(this.el.dataset.phase)) {
            this.timer = setTimeout(() => this.ask(), this.wait);
        }
    },

    async ask() {
        try {
            const status = await this.get(`${this.page}/status`, (response) => response.json());
            await this.show(status);
            this.wait = Math.min(Math.max(this.wait * 1.15, FIRST), this.el.dataset.phase === "working" ? SLOWEST : IDLE);
            this.setLost(false);
        } catch {
            this.wait = Math.min(Math.max(this.wait, SLOWEST) * 1.5, LOST);
            this.setLost(true);
        }
        this.later();
    },

    async get(url, read) {
        const response = await fetch(url, { cache: "no-store" });
        if (!response.ok) {
            throw new Error(`${response.status}`);
        }
        return read(response);
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
        const html = await this.get(window.location.href, (response) => response.text());
        const page = new DOMParser().parseFromString(html, "text/html");
        const fresh = page.querySelector(".o_saas_progress");
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
        const label = this.el.querySelector(".o_saas_label");
        if (label.textContent !== status.label) {
            label.textContent = status.label;
        }
        this.moveSteps(status.steps);
        this.el.querySelector(".o_saas_waiting").hidden = Date.now() - this.began < LONG;
    },

    moveSteps(steps) {
        const list = this.el.querySelector(".o_saas_steps");
        while (list.children.length < steps.length) {
            list.append(document.createElement("li"));
        }
        steps.forEach((step, index) => {
            list.children[index].textContent = step.name;
            list.children[index].dataset.state = step.state;
        });
    },

    setLost(lost) {
        const message = this.el.querySelector(".o_saas_lost");
        if (message) {
            message.hidden = !lost;
        }
    },
});
