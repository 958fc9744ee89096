/** How values are written into PostgreSQL's own file formats. SQL text uses pg's escapeIdentifier and escapeLiteral. */

/** One value of postgresql.conf. */
export function quoteSetting(value: string | number | boolean): string {
  if (typeof value === "number") return String(value);
  if (typeof value === "boolean") return value ? "on" : "off";
  refuseControlCharacters(value);
  return `'${value.replaceAll("\\", "\\\\").replaceAll("'", "''")}'`;
}

/** One word of pg_hba.conf or pg_ident.conf. */
export function quoteWord(value: string): string {
  refuseControlCharacters(value);
  if (value.includes('"')) throw new RangeError(`a double quote cannot be written: ${JSON.stringify(value)}`);
  return `"${value}"`;
}

/** A libpq connection string of `words`. */
export function quoteConninfo(words: Readonly<Record<string, string | number>>): string {
  return Object.entries(words)
    .map(([name, value]) => {
      refuseControlCharacters(String(value));
      return `${name}='${String(value).replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
    })
    .join(" ");
}

/** synchronous_standby_names that makes a commit wait for every one of `nodeIds`. */
export function renderSyncStandbys(nodeIds: readonly string[]): string {
  if (nodeIds.length === 0) return "";
  const names = nodeIds.map((nodeId) => `"${nodeId.replaceAll('"', '""')}"`);
  return `ANY ${nodeIds.length} (${names.join(",")})`;
}

/** The reverse of renderSyncStandbys. */
export function parseSyncStandbys(text: string): string[] {
  return [...text.matchAll(/"((?:[^"]|"")*)"/g)].map((match) => (match[1] ?? "").replaceAll('""', '"'));
}

/** The physical replication slot of a node; slot names allow no dash. */
export function slotName(nodeId: string): string {
  return nodeId.replaceAll("-", "_");
}

/** The reverse of slotName for the ids of nodes. */
export function slotOwner(slot: string): string {
  return slot.replaceAll("_", "-");
}

function refuseControlCharacters(value: string): void {
  for (const character of value) {
    if (character < " ") throw new RangeError("a control character cannot be written");
  }
}
