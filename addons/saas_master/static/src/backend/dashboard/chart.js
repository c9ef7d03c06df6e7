/** @odoo-module **/
/* global Chart */

import { Component, onWillStart, onWillUnmount, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";

/** One chart of the library Odoo ships. `config` is the library's own; a click calls `onPick(index)` of what was hit. */
export class DashboardChart extends Component {
    static template = "saas_master.DashboardChart";
    static props = {
        config: Object,
        label: String,
        height: { type: Number, optional: true },
        onPick: { type: Function, optional: true },
    };

    setup() {
        this.canvas = useRef("canvas");
        this.chart = null;
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => this.draw(),
            () => [JSON.stringify(this.props.config.data)]
        );
        onWillUnmount(() => this.chart && this.chart.destroy());
    }

    /** New figures move the chart there is; it is drawn once. */
    draw() {
        if (this.chart) {
            this.chart.data = this.props.config.data;
            this.chart.update();
            return;
        }
        const { options = {}, ...config } = this.props.config;
        this.chart = new Chart(this.canvas.el, {
            ...config,
            options: {
                responsive: true,
                maintainAspectRatio: false,
                animation: false,
                onClick: (event, hits) => hits.length && this.props.onPick && this.props.onPick(hits[0].index),
                onHover: (event, hits) => {
                    event.native.target.style.cursor = hits.length && this.props.onPick ? "pointer" : "default";
                },
                ...options,
            },
        });
    }
}
