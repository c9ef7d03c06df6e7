/** @odoo-module **/

import { EventBus } from "@odoo/owl";
import { registry } from "@web/core/registry";

/**
 * What the ledger tells staff, once per browser tab: an event "moved" with {operation, tenant, template, state, step, percent}.
 * Who may not see operations is never sent anything.
 */
export const saasLiveService = {
    dependencies: ["bus_service"],
    start(env, { bus_service: bus }) {
        const live = new EventBus();
        bus.subscribe("saas_operation", (payload) => live.trigger("moved", payload));
        bus.start();
        return live;
    },
};

registry.category("services").add("saas_live", saasLiveService);
