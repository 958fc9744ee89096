import { replicationRole } from "./conninfo.ts";
import { superuser } from "./init-database.ts";
import { quoteWord } from "./quote.ts";

export const probeRole = "_rdb_probe";
export const adminGroup = "_rdb_admin";

/** pg_hba.conf. closed: only this node's agent and the members. open: the tenants and the probe too. */
export function renderHba({ access }: { readonly access: "open" | "closed" }): string {
  const rules = [
    ["local", "all", superuser, "peer map=agent"],
    ["hostssl", "replication", replicationRole, "0.0.0.0/0", "cert map=members"],
    ["hostssl", "postgres", replicationRole, "0.0.0.0/0", "cert map=members"],
    ...(access === "open" ? openRules : []),
  ];
  return `# Rendered by Mainstay; changes are overwritten.\n${rules.map((rule) => rule.join(" ")).join("\n")}\n`;
}

/** What the running server has loaded: pg_hba_file_rules would show what the file says now. */
export const accessSetting = "mainstay.access";

/** Included by postgresql.conf, and so loaded by the same reload as pg_hba.conf. */
export function renderAccess(access: "open" | "closed"): string {
  return `# Rendered by Mainstay; changes are overwritten.\n${accessSetting} = '${access}'\n`;
}

const openRules = [
  ["hostssl", "all", probeRole, "0.0.0.0/0", "cert map=control"],
  ["host", "all", [superuser, replicationRole, probeRole, adminGroup].join(","), "0.0.0.0/0", "reject"],
  ["host", "all", "all", "0.0.0.0/0", "scram-sha-256"],
];

export interface IdentInput {
  /** The operating system's user that agent and PostgreSQL run as. */
  readonly osUser: string;
  readonly instanceId: string;
}

/** pg_ident.conf: which certificate (by common name) or local user may be which internal role. */
export function renderIdent({ osUser, instanceId }: IdentInput): string {
  if (!/^[0-9a-f][0-9a-f-]{7,62}$/.test(instanceId)) {
    throw new RangeError(`not an instance id: ${JSON.stringify(instanceId)}`);
  }
  const rules = [
    ["agent", quoteWord(osUser), superuser],
    ["members", `/^node\\.pg-${instanceId.slice(0, 8)}-[0-9]+$`, replicationRole],
    ["control", quoteWord(`control.${instanceId}`), probeRole],
  ];
  return `# Rendered by Mainstay; changes are overwritten.\n${rules.map((rule) => rule.join(" ")).join("\n")}\n`;
}
