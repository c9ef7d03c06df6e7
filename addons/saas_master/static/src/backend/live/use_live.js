/** @odoo-module **/

import { onWillUnmount } from "@odoo/owl";
import { useBus, useService } from "@web/core/utils/hooks";

const PAUSE = 400; // milliseconds that moves are gathered for: twenty tenants at once are one reload

/**
 * Call `reload` soon after an operation that `concerns(payload)` has moved. Never two at a time; what comes meanwhile leads to
 * one more. A page that is hidden waits until it is looked at again.
 */
export function useLive(reload, concerns = () => true) {
    let timer = null;
    let isBusy = false;
    let isOwed = false;

    function plan() {
        if (!timer) {
            timer = setTimeout(run, PAUSE);
        }
    }
    async function run() {
        timer = null;
        if (isBusy || document.hidden) {
            isOwed = true;
            return;
        }
        isBusy = true;
        isOwed = false;
        try {
            await reload();
        } finally {
            isBusy = false;
        }
        if (isOwed) {
            plan();
        }
    }
    function onVisible() {
        if (isOwed && !document.hidden) {
            plan();
        }
    }

    useBus(useService("saas_live"), "moved", ({ detail }) => {
        if (concerns(detail)) {
            plan();
        }
    });
    document.addEventListener("visibilitychange", onVisible);
    onWillUnmount(() => {
        clearTimeout(timer);
        document.removeEventListener("visibilitychange", onVisible);
    });
}
