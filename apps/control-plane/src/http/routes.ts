import type { Route } from "./route.ts";
import { addRulesRoute } from "./routes/acls/add.ts";
import { deleteRulesRoute } from "./routes/acls/delete.ts";
import { listRulesRoute } from "./routes/acls/list.ts";
import { replaceRulesRoute } from "./routes/acls/replace.ts";
import { listEnginesRoute } from "./routes/catalogue/engines.ts";
import { listNodeTypesRoute } from "./routes/catalogue/node-types.ts";
import { createEndpointRoute } from "./routes/endpoints/create.ts";
import { deleteEndpointRoute } from "./routes/endpoints/delete.ts";
import { getEndpointRoute } from "./routes/endpoints/get.ts";
import { certificateRoute } from "./routes/instances/certificate.ts";
import { createInstanceRoute } from "./routes/instances/create.ts";
import { deleteInstanceRoute } from "./routes/instances/delete.ts";
import { getInstanceRoute } from "./routes/instances/get.ts";
import { listInstancesRoute } from "./routes/instances/list.ts";
import { updateInstanceRoute } from "./routes/instances/update.ts";
import { getDetailsRoute, updateDetailsRoute } from "./routes/platform/details.ts";
import { listEventsRoute } from "./routes/platform/events.ts";
import { failoverRoute } from "./routes/platform/failover.ts";
import { healRoute } from "./routes/platform/heal.ts";
import { healthRoute } from "./routes/platform/health.ts";
import { listHostsRoute } from "./routes/platform/hosts.ts";
import { listIncidentsRoute } from "./routes/platform/incidents.ts";
import { listNodesRoute } from "./routes/platform/nodes.ts";
import { switchoverRoute } from "./routes/platform/switchover.ts";

export const routes: readonly Route[] = [
  listEnginesRoute,
  listNodeTypesRoute,
  listInstancesRoute,
  createInstanceRoute,
  getInstanceRoute,
  updateInstanceRoute,
  deleteInstanceRoute,
  certificateRoute,
  listRulesRoute,
  addRulesRoute,
  replaceRulesRoute,
  deleteRulesRoute,
  createEndpointRoute,
  getEndpointRoute,
  deleteEndpointRoute,
  healthRoute,
  listHostsRoute,
  listNodesRoute,
  listEventsRoute,
  getDetailsRoute,
  updateDetailsRoute,
  listIncidentsRoute,
  switchoverRoute,
  failoverRoute,
  healRoute,
];
