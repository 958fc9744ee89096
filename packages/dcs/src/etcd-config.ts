import { Type } from "typebox";

const text = Type.String({ minLength: 1 });

/** How the configuration of a program names the store; the last three are paths of PEM files. */
export const EtcdConfig = Type.Object({
  endpoints: Type.Array(text, { minItems: 1 }),
  serverName: text,
  ca: text,
  certificate: text,
  key: text,
});
