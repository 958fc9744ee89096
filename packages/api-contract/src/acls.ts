import { type Static, Type } from "typebox";
import { Nullable } from "./common.ts";

export const AclRuleView = Type.Object({
  ip: Type.String(),
  port: Type.Integer(),
  protocol: Type.Literal("tcp"),
  direction: Type.Literal("inbound"),
  action: Type.Literal("allow"),
  description: Type.String(),
});
export type AclRuleView = Static<typeof AclRuleView>;

export const AclRuleInput = Type.Object({
  ip: Type.String({ maxLength: 64 }),
  description: Type.Optional(Nullable(Type.String({ maxLength: 255 }))),
});
export type AclRuleInput = Static<typeof AclRuleInput>;

export const AclRulesInput = Type.Object({ rules: Type.Array(AclRuleInput, { maxItems: 1000 }) });
export const DeleteAclRulesInput = Type.Object({
  acl_rule_ips: Type.Array(Type.String({ maxLength: 64 }), { maxItems: 1000 }),
});
export const AclRulesView = Type.Object({ rules: Type.Array(AclRuleView) });
export const AclRuleList = Type.Object({ rules: Type.Array(AclRuleView), total_count: Type.Integer() });

/**
 * The canonical text of an IPv4 range (host bits cleared, `/32` for a bare address); undefined if malformed. So is
 * a leading zero, which some programs read as octal.
 */
export function canonicalRange(text: string): string | undefined {
  const number = "(0|[1-9]\\d{0,2})";
  const match = new RegExp(`^${number}\\.${number}\\.${number}\\.${number}(?:/${number})?$`).exec(text);
  if (!match) return undefined;
  const octets = match.slice(1, 5).map(Number);
  const bits = Number(match[5] ?? 32);
  if (octets.some((octet) => octet > 255) || bits > 32) return undefined;
  const address = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const size = 2 ** (32 - bits);
  const network = Math.floor(address / size) * size;
  const text4 = [24, 16, 8, 0].map((shift) => Math.floor(network / 2 ** shift) % 256).join(".");
  return `${text4}/${bits}`;
}
