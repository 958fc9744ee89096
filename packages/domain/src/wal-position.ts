/** A position in the write-ahead log (PostgreSQL's LSN), counted in bytes. */
export type WalPosition = bigint;

/** Parses PostgreSQL's text form, `16/B374D848`. Throws on anything else. */
export function parseWalPosition(text: string): WalPosition {
  const match = /^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/i.exec(text);
  if (!match) throw new RangeError(`not a WAL position: ${JSON.stringify(text)}`);
  return (BigInt(`0x${match[1]}`) << 32n) | BigInt(`0x${match[2]}`);
}

/** Writes PostgreSQL's text form. */
export function formatWalPosition(position: WalPosition): string {
  return `${(position >> 32n).toString(16)}/${(position & 0xffffffffn).toString(16)}`.toUpperCase();
}
