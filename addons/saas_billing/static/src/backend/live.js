/** @odoo-module **/

import { FIELD_OF_MODEL } from "@saas_master/backend/live/live_views";

FIELD_OF_MODEL["saas.subscription"] = "subscription";
