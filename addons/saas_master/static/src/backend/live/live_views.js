/** @odoo-module **/

import { status, useComponent } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { FormController } from "@web/views/form/form_controller";
import { formView } from "@web/views/form/form_view";
import { KanbanController } from "@web/views/kanban/kanban_controller";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { ListController } from "@web/views/list/list_controller";
import { listView } from "@web/views/list/list_view";
import { useLive } from "./use_live";

/** Which part of a notice names the record of a form: another addon adds its models. It is a number, or several. */
export const FIELD_OF_MODEL = { "saas.tenant": "tenant", "saas.template": "template", "saas.operation": "operation" };

/** Reload the view's records when the ledger moves, unless somebody is in the middle of something on it. */
function useLiveModel(isFree, concerns) {
    const component = useComponent();
    useLive(async () => {
        if (status(component) === "mounted" && (await isFree(component.model.root))) {
            await component.model.load();
        }
    }, concerns);
}

export class LiveListController extends ListController {
    setup() {
        super.setup();
        useLiveModel((list) => !list.editedRecord && !list.selection.length);
    }
}

export class LiveKanbanController extends KanbanController {
    setup() {
        super.setup();
        useLiveModel((list) => !list.records.some((record) => record.isInEdition && record.dirty));
    }
}

export class LiveFormController extends FormController {
    setup() {
        super.setup();
        useLiveModel(
            async (record) => record.resId && !(await record.isDirty()),
            (move) => [move[FIELD_OF_MODEL[this.props.resModel]]].flat().includes(this.model.root.resId)
        );
    }
}

const views = registry.category("views");
views.add("saas_live_list", { ...listView, Controller: LiveListController });
views.add("saas_live_kanban", { ...kanbanView, Controller: LiveKanbanController });
views.add("saas_live_form", { ...formView, Controller: LiveFormController });
