/** @odoo-module **/

import { registry } from "@web/core/registry";
import { Card } from "./cards";

export class StandbyCard extends Card {
    static template = "saas_master.StandbyCard";

    width(pool) {
        return `width: ${pool.wanted ? Math.min((100 * pool.count) / pool.wanted, 100) : 0}%`;
    }

    barClass(pool) {
        return pool.count >= pool.wanted ? "bg-success" : pool.count ? "bg-warning" : "bg-danger";
    }
}

export class ContainersCard extends Card {
    static template = "saas_master.ContainersCard";

    get states() {
        return [this.section.running, this.section.stopped];
    }
}

const cards = registry.category("saas_dashboard_cards");
cards.add("containers", { section: "containers", Component: ContainersCard }, { sequence: 62 });
cards.add("standby", { section: "standby", Component: StandbyCard }, { sequence: 64 });
